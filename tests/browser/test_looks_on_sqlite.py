"""No two statuses and no two lines of a picture look alike, whatever colours are seen."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from loopsweb.accounts.models import User, Workspace
from loopsweb.dashboard.styleguide_views import list_looks
from loopsweb.dashboard.vocabularies import VOCABULARIES
from loopsweb.resources.checkpoints.over_time import LABELS
from loopsweb.resources.nouns import NOUNS
from loopsweb.ui.charts.lines import MOST_OVERLAID
from tests.browser.still_pages import open_still_pages
from tests.personas import login_as

LEAST = 0.2  # of the distance of two pictures of which nothing is alike
# {label of an entry of a legend: the lightness of each pixel of its picture}: what remains without
# any colour, as its distance from the ground of the page.
READ = """async ([png, key]) => {
  const image = await createImageBitmap(await (await fetch(png)).blob());
  const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
  canvas.drawImage(image, 0, 0);
  const light = ([red, green, blue]) => (red * 0.2126 + green * 0.7152 + blue * 0.0722) / 255;
  const ground = document.querySelector(`${key} svg`).getBoundingClientRect();
  const paper = light(canvas.getImageData(ground.x - 6, ground.y, 1, 1).data);
  return Object.fromEntries([...document.querySelectorAll(`${key} li`)].map((entry) => {
    const { x, y, width, height } = entry.querySelector("svg").getBoundingClientRect();
    const { data } = canvas.getImageData(Math.ceil(x), Math.ceil(y), width, height);
    const row = (at) => Array.from({ length: width }, (_, n) => {
      const start = 4 * (at * width + n);
      return light(data.slice(start, start + 3)) - paper;
    });
    return [entry.textContent, Array.from({ length: height }, (_, at) => row(at))];
  }));
}"""
# The pairs whose pictures are nearer than `least` with one of them moved in some way: a pattern may
# begin elsewhere in another picture.
FIND_ALIKE = """([looks, right, down, least]) => {
  const measure = (one, other, dx, dy) => {
    const [height, width] = [one.length, one[0].length];
    let differs = 0, all = 0;
    for (let y = Math.max(0, -dy); y < Math.min(height, height - dy); y++)
      for (let x = Math.max(0, -dx); x < Math.min(width, width - dx); x++) {
        const [a, b] = [one[y][x], other[y + dy][x + dx]];
        differs += Math.abs(a - b);
        all += Math.max(Math.abs(a), Math.abs(b));
      }
    return differs / all;
  };
  const range = (n) => Array.from({ length: 2 * n + 1 }, (_, at) => at - n);
  const names = Object.keys(looks);
  return names.flatMap((a, at) => names.slice(at + 1).map((b) => [a, b, Math.min(
    ...range(right).flatMap((dx) => range(down).map((dy) => measure(looks[a], looks[b], dx, dy)))
  )])).filter(([, , distance]) => !(distance >= least));
}"""
# {legend on the style guide: the number of its entries, and how many pixels one is moved}
KEYS = {
    "#looks": (len(list_looks()), 6, 4),
    "#many-lines .key": (MOST_OVERLAID, 20, 0),
    "#bars .key": (len(LABELS), 3, 3),
}
COLOURS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "forced": {"forced_colors": "active"},
    "forced dark": {"forced_colors": "active", "color_scheme": "dark"},
}


@pytest.fixture
def styleguide(alice: User, acme: Workspace, settings: Settings) -> str:
    settings.DEMO = True
    client: Client = login_as(alice)
    return client.get("/styleguide/").content.decode()


@pytest.mark.parametrize("colours", COLOURS)
def test_no_two_looks_of_a_picture_are_alike_without_colour(styleguide: str, colours: str) -> None:
    with open_still_pages({"/styleguide/": styleguide}, **COLOURS[colours]) as browser:
        browser.page.set_viewport_size({"width": 1280, "height": 8000})
        browser.open("/styleguide/")
        png = f"data:image/png;base64,{base64.b64encode(browser.page.screenshot()).decode()}"
        alike = {}
        for key, (count, right, down) in KEYS.items():
            looks = browser.page.evaluate(READ, [png, key])
            assert (key, len(looks)) == (key, count)
            alike[key] = browser.page.evaluate(FIND_ALIKE, [looks, right, down, LEAST])
    assert alike == {key: [] for key in KEYS}


def test_every_status_that_bands_show_is_compared_and_looks_the_same_in_all_of_them() -> None:
    shown = {one.label: (one.look, one.variant) for one in list_looks()}
    vocabularies = [noun.vocabulary for noun in NOUNS.values() if noun.vocabulary]
    assert len(VOCABULARIES) == len(vocabularies) + 1  # of deactivations, which no band shows
    assert {one.word: (one.tone, one.variant) for words in vocabularies for one in words} == {
        word: shown[word] for words in vocabularies for word in words.statuses
    }
    assert len(set(shown.values())) == len(shown)
