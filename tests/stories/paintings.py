"""Three rough paintings, as a person would make them in the studio: the guides that ship as samples."""

from __future__ import annotations

import math
from itertools import pairwise
from random import Random

from tests.stories.hand import Hand, Point, walked

SKY, HAZE = (96, 148, 206), (214, 226, 234)
ROCK, SHADE, SNOW = (104, 102, 108), (66, 68, 80), (244, 246, 250)
PINE, GRASS, MEADOW = (32, 56, 38), (104, 128, 62), (134, 150, 78)
LAKE, DEEP = (86, 128, 158), (44, 78, 104)


def ridge(random: Random, left: Point, peaks: list[Point], right: Point, rough: float) -> list[Point]:
    """A jagged line from `left` over `peaks` to `right`."""
    corners = [left, *peaks, right]
    line = [corners[0]]
    for (x0, y0), (x1, y1) in pairwise(corners):
        for i in range(1, 7):
            t = i / 6
            jag = 0 if i == 6 else random.uniform(-rough, rough)
            line.append((x0 + (x1 - x0) * t, y0 + (y1 - y0) * t + jag))
    return line


async def mountain_lake(hand: Hand) -> None:
    """Sky and water by gradients, a massif with snow, a far range, a wooded shore and a meadow. 768x512."""
    random = Random(4)
    await hand.tool("gradient", SKY, HAZE)
    await hand.drag([(384, 0), (384, 300)])
    await hand.tool("brush", (240, 244, 248), size=54, hardness=0.1, opacity=0.55, flow=0.5)
    for x, y, length in ((90, 70, 150), (430, 48, 110), (610, 96, 130)):
        await hand.drag([(x + i * length / 8, y + 9 * math.sin(i * 0.9)) for i in range(9)])

    await hand.new_layer("Far range")
    far = ridge(
        random, (-10, 292), [(86, 226), (160, 262), (262, 214), (560, 236), (650, 196), (720, 240)], (778, 222), 7
    )
    await hand.lasso([*far, (778, 330), (-10, 330)])
    await hand.fill((136, 156, 182))
    await hand.deselect()

    await hand.new_layer("Massif")
    near = ridge(random, (96, 326), [(212, 208), (318, 78), (392, 162), (454, 118), (560, 236)], (690, 326), 9)
    await hand.lasso([*near, (690, 340), (96, 340)])
    await hand.fill(ROCK)
    await hand.tool("brush", SHADE, size=46, hardness=0.3, opacity=0.75, flow=0.8)
    for path in (
        [(330, 90), (352, 170), (372, 262), (360, 330)],
        [(352, 120), (400, 220), (420, 320)],
        [(462, 130), (506, 220), (540, 320)],
        [(478, 160), (560, 262), (610, 322)],
    ):
        await hand.drag(walked(path, 12))
    await hand.tool("brush", SNOW, size=26, hardness=0.6, opacity=0.95, flow=1.0)
    for path in (
        [(318, 84), (296, 128), (262, 172)],
        [(314, 96), (306, 150), (286, 196)],
        [(322, 92), (334, 132), (326, 168)],
        [(452, 124), (436, 156), (414, 186)],
        [(456, 128), (462, 160), (450, 190)],
        [(398, 166), (388, 196)],
    ):
        await hand.drag(walked(path, 8))
    await hand.deselect()

    await hand.new_layer("Water")
    await hand.lasso([(-10, 334), (778, 334), (778, 490), (-10, 490)])
    await hand.tool("gradient", LAKE, DEEP)
    await hand.drag([(384, 336), (384, 452)])
    await hand.tool("brush", (104, 110, 124), size=44, hardness=0.2, opacity=0.5, flow=0.7)
    for path in (
        [(250, 350), (320, 430)],
        [(300, 346), (330, 446)],
        [(420, 346), (380, 430)],
        [(480, 350), (450, 410)],
    ):
        await hand.drag(walked(path, 10))
    await hand.tool("brush", (178, 200, 216), size=5, hardness=0.5, opacity=0.6, flow=0.8)
    for y, x, length in ((372, 40, 180), (398, 500, 200), (424, 130, 150), (384, 610, 140)):
        await hand.drag(walked([(x, y), (x + length, y + 1)], 14))
    await hand.deselect()

    await hand.new_layer("Shore")
    await hand.tool("brush", PINE, size=20, hardness=0.5, opacity=1.0, flow=1.0)
    await hand.drag(walked([(-8, 330), (180, 326), (330, 336), (520, 330), (776, 327)], 12))
    await hand.tool("brush", PINE, size=13, hardness=0.6)
    for x in (24, 44, 60, 78, 104, 128, 596, 620, 640, 664, 688, 706, 734, 752):
        height = random.uniform(24, 58)
        await hand.drag(walked([(x, 332), (x + random.uniform(-2, 2), 332 - height)], 8))

    await hand.new_layer("Meadow")
    bank = [(x, 446 + 13 * math.sin(x / 96) + random.uniform(-3, 3)) for x in range(-10, 800, 30)]
    await hand.lasso([*bank, (778, 522), (-10, 522)])
    await hand.tool("gradient", GRASS, MEADOW)
    await hand.drag([(384, 440), (384, 512)])
    await hand.tool("brush", (74, 98, 46), size=14, hardness=0.4, opacity=0.6, flow=0.7)
    for _ in range(9):
        x, y = random.uniform(0, 700), random.uniform(458, 506)
        await hand.drag(walked([(x, y), (x + random.uniform(40, 110), y - random.uniform(-3, 6))], 12))
    await hand.deselect()


async def evening_sea(hand: Hand) -> None:
    """A low sun over the sea, its path on the water, a headland and a beach. 768x512."""
    random = Random(7)
    await hand.tool("gradient", (86, 104, 152), (248, 190, 138))
    await hand.drag([(384, 0), (384, 262)])
    await hand.tool("brush", (236, 150, 118), size=34, hardness=0.15, opacity=0.65, flow=0.6)
    for x, y, length in ((40, 120, 260), (330, 90, 200), (520, 150, 230), (120, 180, 180)):
        await hand.drag([(x + i * length / 8, y + 6 * math.sin(i * 0.8)) for i in range(9)])
    await hand.tool("brush", (116, 112, 146), size=26, hardness=0.2, opacity=0.6)
    for x, y, length in ((180, 60, 200), (480, 44, 240)):
        await hand.drag([(x + i * length / 8, y + 5 * math.sin(i)) for i in range(9)])
    await hand.tool("brush", (255, 232, 178), size=52, hardness=0.75, opacity=1.0, flow=1.0)
    await hand.click(520, 226)

    await hand.new_layer("Sea")
    await hand.lasso([(-10, 258), (778, 258), (778, 440), (-10, 440)])
    await hand.tool("gradient", (112, 118, 142), (38, 66, 92))
    await hand.drag([(384, 258), (384, 430)])
    await hand.tool("brush", (250, 202, 146), size=16, hardness=0.4, opacity=0.85, flow=0.9)
    for i in range(9):
        y, half = 266 + 17 * i, 16 + 8 * i
        x = 520 + random.uniform(-10, 10)
        await hand.drag(walked([(x - half, y), (x + half, y + random.uniform(-2, 2))], 12))
    await hand.tool("brush", (30, 54, 78), size=8, hardness=0.4, opacity=0.6)
    for _ in range(12):
        x, y = random.uniform(0, 700), random.uniform(290, 420)
        await hand.drag(walked([(x, y), (x + random.uniform(50, 130), y)], 14))
    await hand.deselect()

    await hand.new_layer("Headland")
    cliff = ridge(random, (-10, 168), [(60, 176), (130, 196), (178, 236)], (232, 296), 6)
    await hand.lasso([*cliff, (236, 306), (120, 330), (-10, 352)])
    await hand.fill((58, 54, 62))
    await hand.tool("brush", (98, 78, 72), size=22, hardness=0.4, opacity=0.7)
    for path in ([(20, 186), (60, 230), (70, 300)], [(110, 204), (140, 250), (160, 300)], [(178, 240), (204, 286)]):
        await hand.drag(walked(path, 10))
    await hand.deselect()

    await hand.new_layer("Beach")
    foam = [(x, 428 + 12 * math.sin(x / 120 + 1)) for x in range(-10, 800, 30)]
    await hand.lasso([*foam, (778, 522), (-10, 522)])
    await hand.tool("gradient", (150, 122, 104), (196, 160, 124))
    await hand.drag([(384, 424), (384, 512)])
    await hand.deselect()
    await hand.tool("brush", (232, 226, 224), size=9, hardness=0.5, opacity=0.9)
    await hand.drag([(x, y + 3) for x, y in foam])


async def forest_path(hand: Hand) -> None:
    """A path through tall trunks towards light. 768x512."""
    random = Random(11)
    await hand.tool("gradient", (112, 146, 84), (54, 80, 42))
    await hand.drag([(384, 40), (384, 512)])
    await hand.tool("brush", (226, 234, 190), size=190, hardness=0.05, opacity=0.9, flow=0.8)
    await hand.drag([(390, 150), (396, 190), (388, 220)])
    await hand.tool("brush", (150, 180, 104), size=60, hardness=0.2, opacity=0.55, flow=0.6)
    for _ in range(14):
        x, y = random.uniform(0, 768), random.uniform(10, 210)
        await hand.drag(walked([(x, y), (x + random.uniform(-40, 40), y + random.uniform(-14, 20))], 14))
    await hand.tool("brush", (44, 72, 38), size=54, hardness=0.3, opacity=0.7)
    for x, y in ((40, 40), (120, 90), (700, 50), (640, 120), (30, 160), (744, 190), (560, 30), (210, 30)):
        await hand.drag(walked([(x, y), (x + 46, y + 20), (x + 10, y + 44)], 14))

    await hand.new_layer("Ground")
    await hand.lasso([(-10, 316), (240, 300), (540, 300), (778, 318), (778, 522), (-10, 522)])
    await hand.tool("gradient", (92, 116, 56), (58, 74, 36))
    await hand.drag([(384, 300), (384, 512)])
    await hand.deselect()
    await hand.lasso([(372, 298), (412, 298), (448, 360), (560, 522), (196, 522), (336, 368)])
    await hand.tool("gradient", (196, 180, 136), (128, 104, 76))
    await hand.drag([(390, 298), (390, 512)])
    await hand.tool("brush", (96, 80, 58), size=18, hardness=0.3, opacity=0.6)
    for y in (352, 396, 440, 486):
        await hand.drag(walked([(300 - (y - 352) * 0.5, y), (460 + (y - 352) * 0.4, y + 6)], 14))
    await hand.deselect()

    await hand.new_layer("Trunks")
    for x, width, foot, colour in (
        (298, 10, 318, (86, 78, 62)),
        (478, 11, 320, (84, 74, 58)),
        (236, 18, 350, (64, 54, 44)),
        (556, 20, 356, (66, 56, 46)),
        (150, 30, 404, (52, 42, 34)),
        (648, 34, 416, (54, 44, 36)),
        (40, 46, 470, (42, 34, 28)),
        (738, 44, 462, (42, 34, 28)),
    ):
        await hand.tool("brush", colour, size=width, hardness=0.75, opacity=1.0, flow=1.0)
        await hand.drag(
            walked([(x, foot), (x + random.uniform(-8, 8), foot / 2), (x + random.uniform(-6, 6), -20)], 14)
        )
    await hand.tool("brush", (120, 100, 74), size=7, hardness=0.4, opacity=0.6)
    for x, foot in ((158, 390), (640, 400), (52, 450), (728, 450), (240, 344), (550, 350)):
        await hand.drag(walked([(x, foot), (x + 2, 40)], 14))
    await hand.tool("brush", (66, 92, 44), size=30, hardness=0.3, opacity=0.8)
    for x, y in ((20, 470), (110, 430), (190, 400), (590, 404), (680, 440), (748, 480), (250, 366), (530, 372)):
        await hand.drag(walked([(x - 20, y + 8), (x, y - 8), (x + 26, y + 8)], 10))


PAINTINGS = {"mountain-lake": mountain_lake, "evening-sea": evening_sea, "forest-path": forest_path}
