"""Opening is confined: no name and no content leads FFmpeg to another file or the network."""

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import av
import pytest

from autodedup.engine.errors import FileError
from autodedup.engine.footage.file_edits import remuxed
from autodedup.engine.media.facts import MediaFacts
from autodedup.engine.media.probe import probe
from autodedup.engine.media.reading import Seen, opened


def facts(path: Path) -> MediaFacts:
    with opened(os.fspath(path)) as file:
        return probe(file)


def refusal(path: Path) -> str:
    with pytest.raises(FileError) as caught:
        facts(path)
    return caught.value.code


# Each names `other`, a real and readable film, in the hope that it is opened.
TRAPS: dict[str, Callable[[Path], str]] = {
    "hls": lambda other: f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{other}\n#EXT-X-ENDLIST\n",
    "hls-uri": lambda other: (
        f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://{other}\n#EXT-X-ENDLIST\n"
    ),
    "concat": lambda other: f"ffconcat version 1.0\nfile '{other}'\n",
    "concat-relative": lambda other: f"ffconcat version 1.0\nfile {other.name}\n",
    "sdp": lambda _: (
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
        "m=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n"
    ),
    "dash": lambda other: (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        'profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period><AdaptationSet '
        f'mimeType="video/mp4"><Representation id="1"><BaseURL>{other}</BaseURL>'
        "</Representation></AdaptationSet></Period></MPD>"
    ),
    "imf": lambda other: (
        '<?xml version="1.0"?><CompositionPlaylist xmlns="http://www.smpte-ra.org/schemas/2067-3">'
        f"<Id>urn:uuid:0</Id><SegmentList><Resource>{other}</Resource></SegmentList>"
        "</CompositionPlaylist>"
    ),
    "asx": lambda other: f'<asx version="3.0"><entry><ref href="{other}"/></entry></asx>',
    "reference-asf": lambda other: f"[Reference]\nRef1={other}\nRef2=http://127.0.0.1/x.asf\n",
    "text": lambda _: "dear diary\n" * 300,
    "ansi": lambda _: "\x1b[31mred\x1b[0m\n" * 300,
    "subtitles": lambda _: "1\n00:00:01,000 --> 00:00:02,000\nhello\n\n" * 50,
    "lavfi": lambda _: "testsrc=size=320x180:rate=24\n",
}


@pytest.mark.parametrize("trap", TRAPS)
@pytest.mark.parametrize("suffix", [".mp4", ".m3u8", ".sdp", ".ffconcat", ".txt", ".mpd"])
def test_scripts_and_playlists_are_no_videos_whatever_they_are_called(
    trap: str, suffix: str, video: Path, tmp_path: Path
) -> None:
    path = tmp_path / f"holiday{suffix}"
    shutil.copy(video, tmp_path / video.name)
    path.write_text(TRAPS[trap](tmp_path / video.name))

    assert refusal(path) == "NOT_MEDIA"


def test_the_traps_do_work_without_our_walls(video: Path, tmp_path: Path) -> None:
    path = tmp_path / "holiday.mp4"
    path.write_text(TRAPS["concat-relative"](video))
    shutil.copy(video, tmp_path / video.name)

    with av.open(path) as container:
        assert container.format.name == "concat"


def test_a_quicktime_reference_movie_gives_no_pictures_of_the_file_it_names(
    video: Path, tmp_path: Path
) -> None:
    # A `dref` entry that is not "self-contained": flags 0 and an alias in place of `url ` 1.
    data = video.read_bytes()
    self_contained = b"url \x00\x00\x00\x01"
    assert self_contained in data
    target = tmp_path / "elsewhere.mp4"
    shutil.copy(video, target)
    path = tmp_path / "reference.mov"
    # Its own media data is blanked, so that a picture could only come from elsewhere.
    start = data.index(b"mdat") + 4
    hollow = (
        data[:start]
        + bytes(len(data[start : data.index(b"moov") - 4]))
        + (data[data.index(b"moov") - 4 :])
    )
    path.write_bytes(hollow.replace(self_contained, b"url \x00\x00\x00\x00"))

    assert refusal(path) in {"DECODE_FAILED", "TRUNCATED", "NOT_MEDIA"}


@pytest.mark.skipif(os.name == "nt", reason="names that Windows does not allow")
@pytest.mark.parametrize(
    "name",
    [
        b"concat:a.mp4|b.mp4",
        b"http:example.mp4",
        b"-y.mp4",
        b"pipe:0",
        b"file:x.mp4",
        b"subfile,,start,0,end,9,,:x.mp4",
        b"100%d %05d.mp4",
        b"caf\xe9 \xff\xfe.mp4",
        b"line\nbreak\x1b[31m.mp4",
        b"n" * 251 + b".mp4",
    ],
)
def test_any_name_is_only_a_name(name: bytes, video: Path, tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/" + name)
    try:
        shutil.copy(video, path)
    except OSError:
        pytest.skip("this filesystem takes no such name")

    assert facts(Path(path)).codec == "h264"


def test_nothing_is_asked_of_the_network(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/x.ts"
        playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{address}\n#EXT-X-ENDLIST\n"
        for script in (playlist, f"ffconcat version 1.0\nfile '{address}'\n"):
            path = tmp_path / "holiday.m3u8"
            path.write_text(script)
            assert refusal(path) == "NOT_MEDIA"

        server.setblocking(False)
        with pytest.raises(BlockingIOError):  # nobody is waiting to be answered
            server.accept()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_tags_that_are_no_text_do_not_cost_the_film(video: Path, tmp_path: Path) -> None:
    mark, tagged = "a title of sixteen", tmp_path / "tagged.mp4"
    remuxed(video, tagged, title=mark)
    raw = tagged.read_bytes()
    assert mark.encode() in raw
    tagged.write_bytes(raw.replace(mark.encode(), b"\xff\xfe\xc3\x28" + mark.encode()[4:]))
    assert facts(tagged).codec == "h264"


def test_a_pipe_under_a_videos_name_does_not_hang(tmp_path: Path) -> None:
    path = tmp_path / "pipe.mp4"
    os.mkfifo(path)

    assert refusal(path) == "NOT_MEDIA"


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_link_under_a_videos_name_is_not_followed(video: Path, tmp_path: Path) -> None:
    path = tmp_path / "link.mp4"
    path.symlink_to(video)

    assert refusal(path) == "NOT_MEDIA"


def test_a_file_that_is_not_the_expected_one_is_not_read(video: Path) -> None:
    status = video.stat()
    for expected in (
        Seen(status.st_size + 1, status.st_mtime_ns),
        Seen(status.st_size, status.st_mtime_ns + 1),
        Seen(status.st_size, status.st_mtime_ns, status.st_dev, status.st_ino + 1),
    ):
        with pytest.raises(FileError) as caught, opened(os.fspath(video), expected):
            pytest.fail("it was opened")
        assert caught.value.code == "FILE_CHANGED"


def test_a_file_that_changes_while_it_is_read_is_noticed(video: Path, tmp_path: Path) -> None:
    path = tmp_path / "growing.mp4"
    shutil.copy(video, path)

    with pytest.raises(FileError) as caught, opened(os.fspath(path)), path.open("ab") as growing:
        growing.write(b"more")

    assert caught.value.code == "FILE_CHANGED"


def test_a_file_that_is_gone_says_so(tmp_path: Path) -> None:
    assert refusal(tmp_path / "gone.mp4") == "FILE_VANISHED"
