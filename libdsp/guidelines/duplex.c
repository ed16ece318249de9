/* SPDX-License-Identifier: GPL-3.0-or-later
 * Limits of the reflux time, per vein and guideline. `key` names the veins of a row. */
#include "tables.h"

#include <math.h>

#define SUPERFICIAL "GSV AASV PASV SSV GIAC SFJ SPJ"
#define SMALL_DEEP  "DFV PTV ATV FIBV GAST SOL"
#define LARGE_DEEP  "FV PV"
#define PERFORATOR  "PERF"
#define WIDE        "PERF/3.5mm"

#define SVS2022     "Gloviczki et al., SVS/AVF/AVLS clinical practice guidelines on varicose veins, 2022 and 2023"
#define SVS2011     "Gloviczki et al., SVS/AVF clinical practice guidelines on varicose veins, J Vasc Surg 2011;53:2S"
#define LABROPOULOS "Labropoulos et al., Definition of venous reflux in lower-extremity veins, J Vasc Surg 2003;38:793"
#define VLU2014     "O'Donnell et al., SVS/AVF clinical practice guidelines on venous leg ulcers, J Vasc Surg 2014;60:3S"
#define UIP2006     "Coleridge-Smith et al., UIP consensus on duplex ultrasound 2006; from memory, not checked"
#define ESVS2022    "De Maeseneer et al., ESVS guidelines on chronic venous disease 2022; from memory, not checked"

/* Reflux is longer than the limit, */
#define LONGER(guideline, veins, limit, source, verified)                                                                                  \
  {guideline, "duplex.reflux", "RT", veins, -INFINITY, limit, false, true, "normal", true, source, verified}, {                            \
    guideline, "duplex.reflux", "RT", veins, limit, INFINITY, false, false, "reflux", false, source, verified                              \
  }
/* or it is as long or longer. */
#define AS_LONG(guideline, veins, limit, grade, source, verified)                                                                          \
  {guideline, "duplex.reflux", "RT", veins, -INFINITY, limit, false, false, "normal", true, source, verified}, {                           \
    guideline, "duplex.reflux", "RT", veins, limit, INFINITY, true, false, grade, false, source, verified                                  \
  }

static const dsp_guideline_row rows[] = {
    LONGER("duplex.svs2023", SUPERFICIAL " " SMALL_DEEP, 0.5, SVS2022, true),
    LONGER("duplex.svs2023", "CFV " LARGE_DEEP, 1, SVS2022, true),
    AS_LONG("duplex.svs2023", PERFORATOR, 0.5, "reflux", SVS2022, true),
    AS_LONG("duplex.svs2023", WIDE, 0.5, "pathologic", SVS2022, true),

    LONGER("duplex.labropoulos2003", SUPERFICIAL " " SMALL_DEEP, 0.5, LABROPOULOS, true),
    LONGER("duplex.labropoulos2003", "CFV " LARGE_DEEP, 1, LABROPOULOS, true),
    LONGER("duplex.labropoulos2003", PERFORATOR " " WIDE, 0.35, LABROPOULOS, true),

    LONGER("duplex.svs2011", SUPERFICIAL " " SMALL_DEEP, 0.5, SVS2011, true),
    LONGER("duplex.svs2011", "CFV " LARGE_DEEP, 1, SVS2011, true),
    AS_LONG("duplex.svs2011", PERFORATOR, 0.5, "reflux", SVS2011, true),
    AS_LONG("duplex.svs2011", WIDE, 0.5, "pathologic", SVS2011, true),

    AS_LONG("duplex.vlu2014", SUPERFICIAL " " SMALL_DEEP, 0.5, "reflux", VLU2014, true),
    AS_LONG("duplex.vlu2014", LARGE_DEEP, 1, "reflux", VLU2014, true),
    AS_LONG("duplex.vlu2014", PERFORATOR, 0.5, "reflux", VLU2014, true),
    AS_LONG("duplex.vlu2014", WIDE, 0.5, "pathologic", VLU2014, true),

    LONGER("duplex.uip2006", SUPERFICIAL " " SMALL_DEEP " " LARGE_DEEP, 0.5, UIP2006, false),
    LONGER("duplex.uip2006", "CFV", 1, UIP2006, false),
    LONGER("duplex.uip2006", PERFORATOR " " WIDE, 0.5, UIP2006, false),

    LONGER("duplex.esvs2022", SUPERFICIAL " " SMALL_DEEP, 0.5, ESVS2022, false),
    LONGER("duplex.esvs2022", "CFV " LARGE_DEEP, 1, ESVS2022, false),
    LONGER("duplex.esvs2022", PERFORATOR " " WIDE, 0.5, ESVS2022, false),
};
const dsp_guideline_table dsp_guidelines_duplex = {rows, sizeof rows / sizeof rows[0]};
