"""Files: each suffix, the scale, and that a failure leaves nothing behind."""

import os
import struct
from xml.etree import ElementTree

import pytest

from gradloom import Value
from gradloom.draw import Digraph


@pytest.fixture
def picture():
    a = Value(2.0, label="a")
    return (a * a).draw()


def png_size(path):
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", content[16:24])


def svg_size(path):
    root = ElementTree.parse(path).getroot()
    return tuple(float(root.get(side).removesuffix("pt")) for side in ("width", "height"))


def test_each_suffix(picture, tmp_path):
    picture.save(tmp_path / "a.svg")
    picture.save(str(tmp_path / "a.PNG"))
    picture.save(tmp_path / "a.dot")
    assert (tmp_path / "a.svg").read_text(encoding="utf-8") == picture.svg
    assert (tmp_path / "a.dot").read_text(encoding="utf-8") == picture.source
    assert min(png_size(tmp_path / "a.PNG")) > 20
    assert sorted(os.listdir(tmp_path)) == ["a.PNG", "a.dot", "a.svg"]


@pytest.mark.parametrize("scale", [0.5, 2, 3.0])
def test_scale(picture, tmp_path, scale):
    for name in ("a.png", "a.svg"):
        picture.save(tmp_path / name)
        picture.save(tmp_path / f"scaled-{name}", scale=scale)
    for one, scaled in zip(png_size(tmp_path / "a.png"), png_size(tmp_path / "scaled-a.png"), strict=True):
        assert scaled == pytest.approx(scale * one, abs=scale + 1)  # whole pixels
    for one, scaled in zip(svg_size(tmp_path / "a.svg"), svg_size(tmp_path / "scaled-a.svg"), strict=True):
        assert scaled == pytest.approx(scale * one)
    views = {
        ElementTree.parse(tmp_path / name).getroot().get("viewBox") for name in ("a.svg", "scaled-a.svg")
    }
    assert len(views) == 1


def test_an_existing_file_is_replaced(picture, tmp_path):
    (tmp_path / "a.svg").write_text("old")
    picture.save(tmp_path / "a.svg")
    assert (tmp_path / "a.svg").read_text(encoding="utf-8") == picture.svg


@pytest.mark.parametrize("name", ["a.gif", "a", "a.svg.txt", ".svg"])
def test_an_unknown_suffix(picture, tmp_path, name):
    with pytest.raises(ValueError, match=r"cannot be saved as .*\.svg, \.png, \.dot, \.pdf"):
        picture.save(tmp_path / name)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["a.svg", "a.png", "a.dot"])
def test_a_missing_folder(picture, tmp_path, name):
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*missing.*make it first"):
        picture.save(tmp_path / "missing" / name)
    assert os.listdir(tmp_path) == []


def test_a_folder_of_that_name(picture, tmp_path):
    (tmp_path / "a.svg").mkdir()
    with pytest.raises(IsADirectoryError, match="is a folder; give the name of a file"):
        picture.save(tmp_path / "a.svg")


@pytest.mark.parametrize("scale", [0, -1, 21, float("nan"), float("inf"), "2", None, True])
def test_a_bad_scale(picture, tmp_path, scale):
    with pytest.raises(ValueError, match=r"scale must be a number above 0 and at most 20"):
        picture.save(tmp_path / "a.png", scale=scale)
    assert os.listdir(tmp_path) == []


def test_a_failure_leaves_the_old_file(picture, tmp_path, monkeypatch):
    (tmp_path / "a.png").write_bytes(b"old")

    def fails(self, *args, **options):
        raise RuntimeError("the engine died")

    monkeypatch.setattr(Digraph, "pipe", fails)
    with pytest.raises(RuntimeError, match="the engine died"):
        picture.save(tmp_path / "a.png")
    monkeypatch.undo()

    def full(*paths):
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="no space left"):
        picture.save(tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.png"]
