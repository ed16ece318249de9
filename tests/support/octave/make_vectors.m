% SPDX-License-Identifier: GPL-3.0-or-later
% Answers of Octave's signal package, a second opinion beside SciPy. Run:  octave --no-gui -q make_vectors.m > vectors.txt
% Only functions whose definitions agree with ours: butter, sgolayfilt, detrend (through the slope and level it takes off), findpeaks.
% Each record is one line: name, count, values (column by column, 17 digits).
pkg load signal

function put(name, values)
  printf('%s %d', name, numel(values));
  printf(' %.17g', values);
  printf('\n');
end

n = (0:399)';
x = sin(2 * pi * n / 50) + 0.3 * cos(2 * pi * n / 7) + n * 0.002;
put('x', x);

% responses at 64 frequencies below Nyquist: independent of the order of sections
w = pi * (1:64) / 65;
designs = {4, 2.0 / 25, 'low'; 3, 10 / 25, 'high'; 4, [0.05 5] / 25, 'bandpass'; 2, [8 12] / 25, 'stop'; 7, 0.3, 'low'};
for k = 1:rows(designs)
  [z, p, g] = butter(designs{k, :});
  e = exp(1i * w);
  h = g * ones(size(e));
  for r = z(:).', h = h .* (e - r); end
  for r = p(:).', h = h ./ (e - r); end
  put(sprintf('butter%d_re', k), real(h));
  put(sprintf('butter%d_im', k), imag(h));
end

put('sgolay_3_11_0', sgolayfilt(x, 3, 11));
put('sgolay_2_25_0', sgolayfilt(x, 2, 25));
put('sgolay_3_11_1', sgolayfilt(x, 3, 11, 1, 0.02));
put('detrend', detrend(x));
[height, place] = findpeaks(x + 5);
[place, order] = sort(place);
put('findpeaks_at', place - 1);
put('findpeaks_height', height(order) - 5);
