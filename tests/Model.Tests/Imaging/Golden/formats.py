"""Files of the formats beside JPEG, PNG and WebP, in the layouts that people have: for reference.py.

What Pillow cannot write (other depths, masks, run lengths, tiles, planes) is put together here by hand, from the formats' specifications.
"""

import io
import struct

import numpy as np
from PIL import Image

II, MM = "<", ">"


def encode(image, form, **options):
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def bmp(width, height, bits, rows, compression=0, palette=b"", masks=b"", header=40, colors=0, top_down=False):
    """Rows in the file's order, unpadded; or, compressed, one bytes object."""
    data = rows if isinstance(rows, bytes) else b"".join(row + b"\0" * (-len(row) % 4) for row in rows)
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", header, width, -height if top_down else height, 1, bits, compression, len(data), 2835, 2835, colors, 0)
        if header > 40:
            info += masks[: header - 40]
            masks = masks[header - 40 :]
            info += b"\0" * (header - len(info))
    offset = 14 + len(info) + len(masks) + len(palette)
    return b"BM" + struct.pack("<IHHI", offset + len(data), 0, 0, offset) + info + masks + palette + data


def run_lengths(indices):
    """RLE8 with runs, absolute stretches of even and odd length, and an early end of a line."""
    data = b""
    for at, row in enumerate(indices[::-1]):
        row = list(row)
        if at % 3 == 0:
            for value in row:
                data += bytes([1, value])
        elif at % 3 == 1:
            half = len(row) // 2 | 1
            data += bytes([0, half]) + bytes(row[:half]) + b"\0" * (half % 2)
            rest = row[half:]
            data += bytes([len(rest), rest[0]])
        else:
            data += bytes([len(row) - 2, row[0]])
        data += b"\0\0"
    return data + b"\0\1"


def bmps(picture):
    photo = picture(19, 13, 30)
    image = Image.fromarray(photo)
    grey = image.convert("L")
    yield "rgb.bmp", encode(image, "BMP")
    yield "rgba.bmp", encode(Image.fromarray(picture(19, 13, 31, 4), "RGBA"), "BMP")
    yield "grey.bmp", encode(grey, "BMP")
    yield "palette.bmp", encode(image.quantize(40), "BMP")
    yield "bilevel.bmp", encode(grey.convert("1"), "BMP")
    bgr = [row[:, ::-1].tobytes() for row in photo]
    yield "top-down.bmp", bmp(19, 13, 24, bgr, top_down=True)
    yield "os2.bmp", bmp(19, 13, 24, bgr, header=12)
    index = np.asarray(image.quantize(16))
    colors = np.random.RandomState(32).randint(0, 256, (16, 4)).astype(np.uint8)
    packed = [bytes((row[i] << 4) | (row[i + 1] if i + 1 < len(row) else 0) for i in range(0, len(row), 2)) for row in index[::-1]]
    yield "palette-4-bit.bmp", bmp(19, 13, 4, packed, palette=colors.tobytes(), colors=16)
    yield "palette-4-bit-os2.bmp", bmp(19, 13, 4, packed, palette=colors[:, :3].tobytes(), header=12)
    yield "palette-short.bmp", bmp(19, 13, 8, [row.tobytes() for row in index], palette=colors[:9].tobytes(), colors=9)
    two = bytes([10, 200, 30, 0, 220, 40, 90, 0])
    bits = [np.packbits(row > 7).tobytes() for row in index]
    yield "palette-1-bit.bmp", bmp(19, 13, 1, bits, palette=two, colors=2)
    yield "palette-1-bit-no-count.bmp", bmp(19, 13, 1, bits, palette=two)
    rng = np.random.RandomState(33)
    words = [row.astype("<u2").tobytes() for row in rng.randint(0, 65536, (13, 19))]
    yield "16-bit.bmp", bmp(19, 13, 16, words)
    yield "16-bit-565.bmp", bmp(19, 13, 16, words, 3, masks=struct.pack("<III", 0xF800, 0x7E0, 0x1F))
    yield "16-bit-555.bmp", bmp(19, 13, 16, words, 3, masks=struct.pack("<III", 0x7C00, 0x3E0, 0x1F))
    yield "16-bit-444.bmp", bmp(19, 13, 16, words, 3, masks=struct.pack("<III", 0xF00, 0xF0, 0xF))
    quads = [row.astype("<u4").tobytes() for row in rng.randint(0, 2**32, (13, 19), dtype=np.uint32)]
    yield "32-bit.bmp", bmp(19, 13, 32, quads)
    for name, masks in [("rgbx", (0xFF0000, 0xFF00, 0xFF, 0)), ("xbgr", (0xFF000000, 0xFF0000, 0xFF00, 0)), ("abgr", (0xFF000000, 0xFF0000, 0xFF00, 0xFF)),
                        ("rgba", (0xFF, 0xFF00, 0xFF0000, 0xFF000000)), ("bgra", (0xFF0000, 0xFF00, 0xFF, 0xFF000000)), ("zero", (0, 0, 0, 0))]:
        yield f"32-bit-{name}.bmp", bmp(19, 13, 32, quads, 3, masks=struct.pack("<IIII", *masks), header=124 if name != "bgra" else 108)
    yield "rle8.bmp", bmp(19, 13, 8, run_lengths(index), 1, palette=colors.tobytes(), colors=16)
    rle4 = b"".join(bytes([19, value[0] << 4 | value[1]]) + b"\0\0" for value in index[::-1].astype(int)) + b"\0\1"
    yield "rle4.bmp", bmp(19, 13, 4, rle4, 2, palette=colors.tobytes(), colors=16)
    yield "rle8-truncated.bmp", bmp(19, 13, 8, run_lengths(index)[:60], 1, palette=colors.tobytes(), colors=16)
    whole = encode(image, "BMP")
    yield "truncated.bmp", whole[:-40]
    yield "start-only.bmp", whole[:20]
    yield "64-bit.bmp", bmp(1, 1, 64, [b"\0" * 8])


def pnms(picture):
    photo = picture(19, 13, 34)
    image = Image.fromarray(photo)
    yield "rgb.ppm", encode(image, "PPM")
    yield "grey.pgm", encode(image.convert("L"), "PPM")
    yield "bilevel.pbm", encode(image.convert("1"), "PPM")
    comment = b"P6 # a comment\n19\t13 # another\n255\n" + photo.tobytes()
    yield "comments.ppm", comment
    words = np.random.RandomState(35).randint(0, 400, (13, 19, 3))
    yield "grey-16-bit.pgm", b"P5 19 13 65535 " + words[..., 0].astype(">u2").tobytes()
    yield "grey-max-400.pgm", b"P5 19 13 400 " + words[..., 0].astype(">u2").tobytes()
    yield "grey-max-100.pgm", b"P5 19 13 100 " + (words[..., 0] % 101).astype(np.uint8).tobytes()
    yield "rgb-16-bit.ppm", b"P6 19 13 65535 " + (words * 150).astype(">u2").tobytes()
    yield "rgb-max-31.ppm", b"P6 19 13 31 " + (words % 32).astype(np.uint8).tobytes()
    plain = " ".join(str(value) for value in photo.reshape(-1)).encode()
    yield "plain.ppm", b"P3\n# plain\n19 13\n255\n" + plain.replace(b" ", b"\n", 7) + b"\n"
    yield "plain.pgm", b"P2 19 13 1000 " + " ".join(str(value) for value in words[..., 0].reshape(-1)).encode()
    yield "plain.pbm", b"P1\n19 13\n" + "\n".join("".join(str(bit) for bit in row % 2) for row in words[..., 0]).encode()
    yield "truncated.ppm", comment[:-5]
    yield "truncated-plain.pgm", b"P2 19 13 255 " + b"1 " * 200
    yield "too-large-value.pgm", b"P2 2 1 100 101 5 "
    yield "no-number.pgm", b"P2 2 x 100 101 5 "


def tiff(tags, blocks, order=II, large=False):
    """A directory and the blocks that its StripOffsets (or TileOffsets) name; values are lists, their type by size."""
    tags = dict(tags)
    offsets, counts = (324, 325) if 322 in tags else (273, 279)
    head = 16 if large else 8
    at, places = head, []
    for block in blocks:
        places.append(at)
        at += len(block) + len(block) % 2
    tags[offsets], tags[counts] = places, [len(block) for block in blocks]
    data = b"".join(block + b"\0" * (len(block) % 2) for block in blocks)
    directory = struct.pack(order + ("Q" if large else "H"), len(tags))
    room, word = (8, "Q") if large else (4, "I")
    extra_at = at + len(directory) + len(tags) * (20 if large else 12) + room
    extra = b""
    for tag, values in sorted(tags.items()):
        kind, letter = (3, "H") if max(values) < 65536 and tag not in (offsets, counts) else (4, "I")
        packed = struct.pack(order + letter * len(values), *values)
        directory += struct.pack(order + "HH" + word, tag, kind, len(values))
        if len(packed) <= room:
            directory += packed + b"\0" * (room - len(packed))
        else:
            directory += struct.pack(order + word, extra_at + len(extra))
            extra += packed + b"\0" * (len(packed) % 2)
    start = (b"II" if order == II else b"MM") + (struct.pack(order + "HHHQ", 43, 8, 0, at) if large else struct.pack(order + "HI", 42, at))
    return start + data + directory + b"\0" * room + extra


def tags(array, photometric, bits=8, **more):
    height, width = array.shape[:2]
    samples = array.shape[2] if array.ndim == 3 else 1
    return {256: [width], 257: [height], 258: [bits] * samples, 259: [1], 262: [photometric], 277: [samples], 278: [height],
            **{int(key[1:]): value for key, value in more.items()}}


def tiles(array, side):
    height, width = array.shape[:2]
    padded = np.pad(array, [(0, -height % side), (0, -width % side)] + [(0, 0)] * (array.ndim - 2), mode="edge")
    return [padded[y : y + side, x : x + side].tobytes() for y in range(0, height, side) for x in range(0, width, side)]


def tiffs(picture):
    photo, alpha = picture(19, 13, 36), picture(19, 13, 37, 4)
    image = Image.fromarray(photo)
    grey, paletted = image.convert("L"), image.quantize(40)
    for name, source in [("rgb", image), ("rgba", Image.fromarray(alpha, "RGBA")), ("grey", grey), ("palette", paletted), ("bilevel", image.convert("1")),
                         ("grey-alpha", Image.fromarray(alpha[..., :2].copy(), "LA")), ("cmyk", Image.fromarray(alpha, "CMYK")), ("float", grey.convert("F")),
                         ("int", Image.fromarray(photo[..., 0].astype(np.int32) * 3 - 100)), ("grey-16-bit", Image.fromarray(photo[..., 0].astype(np.uint16) * 2))]:
        yield f"{name}.tif", encode(source, "TIFF")
    for compression in ["tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"]:
        yield f"{compression}.tif", encode(image, "TIFF", compression=compression)
    yield "jpeg-grey.tif", encode(grey, "TIFF", compression="jpeg")
    yield "palette-lzw.tif", encode(paletted, "TIFF", compression="tiff_lzw")
    yield "cmyk-lzw.tif", encode(Image.fromarray(alpha, "CMYK"), "TIFF", compression="tiff_lzw")
    yield "predictor.tif", encode(image, "TIFF", compression="tiff_lzw", tiffinfo={317: 2})
    for compression in ["group3", "group4"]:
        yield f"{compression}.tif", encode(image.convert("1"), "TIFF", compression=compression)
    yield "pages.tif", encode(image, "TIFF", save_all=True, append_images=[grey.resize((5, 5)), image])
    for orientation in range(2, 9):
        yield f"orientation-{orientation}.tif", tiff(tags(photo[:7, :5], 2, o274=[orientation]), [photo[:7, :5].tobytes()])
    yield "orientation-lzw.tif", encode(image, "TIFF", compression="tiff_lzw", tiffinfo={274: 6})
    for order, name in [(II, "little"), (MM, "big")]:
        yield f"{name}-endian.tif", tiff(tags(photo, 2), [photo.tobytes()], order)
        wide = np.random.RandomState(38).randint(0, 65536, (13, 19, 4)).astype(order + "u2")
        yield f"rgb-16-bit-{name}-endian.tif", tiff(tags(wide[..., :3], 2, 16), [wide[..., :3].tobytes()], order)
        yield f"rgba-16-bit-{name}-endian.tif", tiff(tags(wide, 2, 16, o338=[2]), [wide.tobytes()], order)
        low = (wide[..., 0] % 400).astype(order + "u2")
        yield f"grey-16-bit-{name}-endian.tif", tiff(tags(low, 1, 16), [low.tobytes()], order)
        signed = (wide[..., 0] % 400 - 100).astype(order + "i2")
        yield f"grey-16-bit-signed-{name}-endian.tif", tiff(tags(signed, 1, 16, o339=[2]), [signed.tobytes()], order)
    yield "big-tiff.tif", tiff(tags(photo, 2), [photo.tobytes()], large=True)
    yield "grey-16-bit-white-is-zero.tif", tiff(tags(photo[..., 0], 0, 16), [(photo[..., 0].astype("<u2") * 2).tobytes()])
    yield "white-is-zero.tif", tiff(tags(photo[..., 0], 0), [photo[..., 0].tobytes()])
    yield "strips.tif", tiff(tags(photo, 2, o278=[4]), [photo[y : y + 4].tobytes() for y in range(0, 13, 4)])
    yield "tiles.tif", tiff(tags(photo, 2, o322=[16], o323=[16]), tiles(photo, 16))
    yield "planes.tif", tiff(tags(photo, 2, o284=[2]), [photo[..., band].tobytes() for band in range(3)])
    yield "premultiplied.tif", tiff(tags(alpha, 2, o338=[1]), [alpha.tobytes()])
    yield "unused-sample.tif", tiff(tags(alpha, 2, o338=[0]), [alpha.tobytes()])
    yield "five-samples.tif", tiff(tags(np.dstack([alpha, grey]), 2, o338=[2, 0]), [np.dstack([alpha, grey]).tobytes()])
    four = bytes(np.random.RandomState(39).randint(0, 256, 13 * 10, dtype=np.uint8))
    for bits, row in [(4, 10), (2, 5), (1, 3)]:
        for photometric, name in [(1, "grey"), (0, "white-is-zero"), (3, "palette")]:
            map_ = {} if photometric != 3 else {"o320": [int(v) for v in np.random.RandomState(40).randint(0, 65536, 3 << bits)]}
            yield f"{name}-{bits}-bit.tif", tiff({**tags(photo[..., 0], photometric, bits, **map_)}, [four[: row * 13]])
    yield "no-directory.tif", b"II*\0\0\1\0\0"
    whole = tiff(tags(photo, 2), [photo.tobytes()])
    yield "truncated.tif", whole[:400]
    yield "bomb.tif", tiff({**tags(photo, 2), 256: [60000], 257: [60000]}, [photo.tobytes()])


def random_file(rng, picture, width, height, seed):
    """One file of a format, layout and compression drawn now: its extension and its bytes."""
    image = Image.fromarray(picture(width, height, seed))
    kind = rng.choice(["bmp", "pnm", "tif", "tif", "tif"])
    if kind == "bmp":
        return "bmp", encode(rng.choice([image, image.convert("L"), image.convert("1"), image.quantize(rng.randint(2, 256))]), "BMP")
    if kind == "pnm":
        return "ppm", encode(rng.choice([image, image.convert("L"), image.convert("1")]), "PPM")
    source = rng.choice([image, image.convert("L"), image.convert("1"), image.quantize(rng.randint(2, 256)), image.convert("CMYK"), image.convert("RGBA")])
    compressions = [None, "tiff_lzw", "tiff_adobe_deflate", "packbits"]
    if source.mode == "1":
        compressions.append("group4")
    if source.mode in ("L", "RGB"):
        compressions.append("jpeg")
    return "tif", encode(source, "TIFF", compression=rng.choice(compressions))
