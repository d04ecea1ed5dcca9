"""Builds the chart's two fonts from Inter (npm package inter-ui 4.1.1, directory web/)."""
import sys
from fontTools import subset
from fontTools.ttLib import TTFont

RANGES = [(0x20, 0x7E), (0xA0, 0x17F), (0x1E80, 0x1E85), (0x1E9E, 0x1E9E), (0x1EF2, 0x1EF3), (0x218, 0x21B),
          (0x370, 0x3FF), (0x400, 0x45F), (0x490, 0x491), (0x4AE, 0x4B1), (0x4E8, 0x4E9),
          (0x2010, 0x2015), (0x2018, 0x201E), (0x2020, 0x2022), (0x2026, 0x2026), (0x2030, 0x2030), (0x2032, 0x2033),
          (0x2039, 0x203A), (0x20A0, 0x20BF), (0x2116, 0x2116), (0x2122, 0x2122), (0x2190, 0x2193), (0x2212, 0x2212),
          (0x2248, 0x2248), (0x2260, 0x2260), (0x2264, 0x2265), (0x221E, 0x221E), (0x25A1, 0x25A1), (0xFFFD, 0xFFFD)]
TABULAR = {0x30 + i: name for i, name in enumerate("zero one two three four five six seven eight nine".split())}

source, target = sys.argv[1:3]
font = TTFont(source)
glyphs = set(font.getGlyphOrder())
for table in font["cmap"].tables:
    for code, name in TABULAR.items():
        if code in table.cmap:
            table.cmap[code] = name + ".tf"  # digits of one width, without an OpenType feature
    for code in (0x2B, 0x2212):
        if code in table.cmap:
            table.cmap[code] = {0x2B: "plus.tf", 0x2212: "minus.tf"}[code]
options = subset.Options()
options.layout_features = []  # no kerning: a text is the sum of its glyphs
options.hinting = False
options.notdef_outline = True
options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
options.drop_tables += ["GPOS", "GSUB", "GDEF", "DSIG"]
subsetter = subset.Subsetter(options)
subsetter.populate(unicodes=[code for low, high in RANGES for code in range(low, high + 1)])
subsetter.subset(font)
font.flavor = None
font["head"].modified = font["head"].created
font.recalcTimestamp = False
font.save(target)
print(target, len(font.getGlyphOrder()), "glyphs")
