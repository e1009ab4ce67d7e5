"""Small files of formats that are not read, as Pillow writes them: foreign.py DIR. Made with Pillow 9.4.0 (Debian 12)."""

import pathlib
import sys

from PIL import Image

folder = pathlib.Path(sys.argv[1])
colours = Image.new("RGB", (16, 16))
colours.putdata([(16 * (i % 16), i, 255 - i) for i in range(256)])

colours.quantize(16).save(folder / "palette.blp")
colours.save(folder / "colours.dds")
colours.save(folder / "colours.dib")
colours.save(folder / "colours.eps")
colours.save(folder / "colours.ico")
colours.save(folder / "colours.im")
colours.save(folder / "colours.j2k")
colours.save(folder / "colours.jp2")
colours.convert("1").save(folder / "bilevel.msp")
colours.save(folder / "colours.pcx")
colours.quantize(16).save(folder / "palette.pcx")
colours.save(folder / "colours.pdf")
colours.save(folder / "colours.sgi")
colours.save(folder / "colours.tga")
colours.save(folder / "runs.tga", compression="tga_rle")
colours.convert("L").save(folder / "grey.tga")
colours.quantize(16).save(folder / "palette.tga")
colours.convert("1").save(folder / "bilevel.xbm")
