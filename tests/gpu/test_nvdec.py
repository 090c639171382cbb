"""The GPU's decoder, against a stand-in for PyNvVideoCodec: no GPU has run these lines.

What is shown: the calls fit, the moments and the pictures are those of the CPU path, surfaces are
let go before they are written again, and what NVDEC cannot do is refused with a reason.
"""

import ast
import importlib.util
import inspect
import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import ModuleType

import av
import numpy as np
import pytest
from av.video.stream import VideoStream
from small_films import film, video

torch = pytest.importorskip("torch", reason="torch is not installed")

from nvdec_stand_in import SurfaceReusedError, stand_in  # noqa: E402

from autodedup.engine.embedding.model_file import read_model  # noqa: E402
from autodedup.engine.embedding.storage import directions  # noqa: E402
from autodedup.engine.embedding.torch_runtime import TorchModel  # noqa: E402
from autodedup.engine.footage.encode import Encoding, encode  # noqa: E402
from autodedup.engine.footage.file_edits import remuxed  # noqa: E402
from autodedup.engine.footage.film import Film, render_film  # noqa: E402
from autodedup.engine.footage.picture_edits import inside  # noqa: E402
from autodedup.engine.gpu.chip import chip_of  # noqa: E402
from autodedup.engine.gpu.sign import GpuSigner  # noqa: E402
from autodedup.engine.kernels.hashes import coefficients, hashes_of  # noqa: E402
from autodedup.engine.media import nvdec, software  # noqa: E402
from autodedup.engine.media.choose import choose_route, refusal  # noqa: E402
from autodedup.engine.media.costs import Costs  # noqa: E402
from autodedup.engine.media.kept import SURFACES, surface_bytes  # noqa: E402
from autodedup.engine.media.nvdec import DeviceLook, NotByNvdecError, NvdecSource  # noqa: E402
from autodedup.engine.media.probe import probe  # noqa: E402
from autodedup.engine.media.reading import Seen, opened  # noqa: E402
from autodedup.engine.media.software import SoftwareSource  # noqa: E402
from autodedup.engine.media.timeline import timeline  # noqa: E402
from autodedup.engine.signature import perceptual  # noqa: E402
from autodedup.engine.signature.sign import sign  # noqa: E402

__all__ = ["film", "video"]


def silent(_progress: float) -> None:
    pass


@pytest.fixture
def nvc() -> ModuleType:
    return stand_in()


def looked_at(source: NvdecSource, path: Path, *, colour: bool = False) -> DeviceLook:
    with opened(os.fspath(path)) as file:
        return source.look(file, probe(file), silent, colour=colour)


@pytest.fixture
def all_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the CPU decode every frame: else it takes the neighbour of one that it left out."""
    monkeypatch.setattr(software._Film, "_skipped", lambda *_: "DEFAULT")


@pytest.mark.usefixtures("all_decoded")
def test_the_moments_and_pictures_are_those_of_the_cpu(video: Path, nvc: ModuleType) -> None:
    ours = looked_at(NvdecSource(nvc, "cpu"), video, colour=True)
    with opened(os.fspath(video)) as file:
        theirs = SoftwareSource().look(file, probe(file), silent, colour=True)
    np.testing.assert_allclose(ours.times_seconds, theirs.times_seconds, atol=1e-6)
    assert theirs.colours is not None
    assert ours.colours is not None
    difference = ours.pictures.numpy().astype(int) - theirs.pictures.astype(int)
    # The CPU leaves out the loop filter, which smooths a few pixels at block edges.
    assert np.abs(difference).mean() < 1.0
    shades = ours.colours.numpy().astype(int) - theirs.colours.astype(int)
    # FFmpeg makes RGB in whole numbers, cut off and not rounded.
    assert np.abs(shades).mean() < 4.0


def with_its_loop_filter(stream: VideoStream) -> None:
    """Decode on the CPU as NVDEC does: nothing left out."""
    stream.codec_context.thread_count = 1


@pytest.mark.usefixtures("all_decoded")
def test_of_one_decoded_frame_the_two_paths_differ_by_two_bits_at_most(
    tmp_path: Path, nvc: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(software, "prepare", with_its_loop_filter)
    differing = []
    for seed in range(4):
        path = tmp_path / f"{seed}.mp4"
        encode(render_film(seed, size=(480, 270), seconds=4.0), path, Encoding())
        ours = looked_at(NvdecSource(nvc, "cpu"), path).pictures
        with opened(os.fspath(path)) as file:
            theirs = SoftwareSource().look(file, probe(file), silent).pictures
        hashed = hashes_of(coefficients(ours))[:, 0].numpy()
        expected = perceptual.hashes_of(perceptual.coefficients(theirs))[:, 0]
        differing.append(np.bitwise_count(hashed ^ expected).sum(axis=-1))
    assert np.quantile(np.concatenate(differing), 0.99) <= 2


@pytest.mark.usefixtures("all_decoded")
@pytest.mark.parametrize("encoding", [Encoding(), Encoding(video="libx265")], ids=["h264", "hevc"])
def test_signatures_are_those_of_the_cpu_but_for_its_missing_loop_filter(
    film: Film, tmp_path: Path, nvc: ModuleType, encoding: Encoding
) -> None:
    path = tmp_path / "film.mp4"
    encode(film, path, encoding)
    signer = GpuSigner(nvc, chip_of(nvc, "stand-in"), None, "cpu")
    seen = Seen.of(path.stat())
    ours, known = signer.sign(
        os.fspath(path), seen, silent, embedded=False, costs=Costs(), cpu_wait_s=0.0
    )
    theirs = sign(os.fspath(path), seen)
    assert ours.route.decoder == "nvdec"
    assert known.gpu_picture_s is not None
    assert (ours.recipe, ours.facts) == (theirs.recipe, theirs.facts)
    np.testing.assert_allclose(ours.times_seconds, theirs.times_seconds, atol=1e-6)
    bits = np.bitwise_count(ours.hashes[:, 0] ^ theirs.hashes[:, 0]).sum(axis=-1)
    # Left out on the CPU, the loop filter turns over up to nine bits of a frame, two on average.
    assert bits.mean() <= 3
    assert np.quantile(bits, 0.99) <= 16
    assert abs(ours.seen_seconds - theirs.seen_seconds) < 0.1


class SmallMemory:
    """The copy model on a device that holds so many frames at once."""

    def __init__(self, holds: int) -> None:
        self._model, self._holds = TorchModel(read_model(), "cpu"), holds
        self.digest = self._model.digest
        self.refused = 0

    def embed_tensor(self, pictures: torch.Tensor) -> torch.Tensor:
        if len(pictures) > self._holds:
            self.refused += 1
            raise torch.OutOfMemoryError("CUDA out of memory")
        return self._model.embed_tensor(pictures)


def test_frames_that_do_not_fit_the_memory_together_are_embedded_in_halves(
    video: Path, nvc: ModuleType
) -> None:
    pytest.importorskip("onnx", reason="the copy model in torch needs onnx")
    rows = []
    for memory in (SmallMemory(256), SmallMemory(5)):
        signer = GpuSigner(nvc, chip_of(nvc, "stand-in"), memory, "cpu")  # type: ignore[arg-type]
        signature, _ = signer.sign(
            os.fspath(video),
            Seen.of(video.stat()),
            silent,
            embedded=True,
            costs=Costs(),
            cpu_wait_s=0.0,
        )
        assert signature.embeddings is not None
        rows.append(signature.embeddings.rows)
    assert memory.refused
    # Rows are whole numbers, rounded from sums whose order a batch decides.
    assert np.abs(rows[0].astype(int) - rows[1].astype(int)).max() <= 1


@pytest.mark.usefixtures("all_decoded")
def test_a_film_within_another_is_embedded_by_itself_as_on_the_cpu(
    film: Film, tmp_path: Path, nvc: ModuleType
) -> None:
    pytest.importorskip("onnx", reason="the copy model in torch needs onnx")
    around = render_film(77, size=(320, 180), seconds=6.0).frames
    path = tmp_path / "both.mp4"
    encode(replace(film, frames=inside(film.frames, around, share=0.5)), path, Encoding())
    signer = GpuSigner(nvc, chip_of(nvc, "stand-in"), TorchModel(read_model(), "cpu"), "cpu")
    seen = Seen.of(path.stat())

    ours, _ = signer.sign(
        os.fspath(path), seen, silent, embedded=True, costs=Costs(), cpu_wait_s=0.0
    )
    theirs = sign(os.fspath(path), seen, embedded=True)

    assert ours.inset == theirs.inset
    assert ours.inset is not None
    assert ours.embeddings is not None
    assert theirs.embeddings is not None
    mine, its = (
        directions(each.rows[:, ours.inset.window]) for each in (ours.embeddings, theirs.embeddings)
    )
    both = mine.any(axis=1) & its.any(axis=1)
    assert both.sum() >= 8
    assert float(np.median((mine * its).sum(axis=1)[both])) > 0.98


def test_a_surface_that_is_written_again_under_a_live_tensor_is_noticed(
    video: Path, nvc: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[torch.Tensor] = []
    honest = nvdec.small_luma

    def keeps_a_view(surface: torch.Tensor, *size: int, full_range: bool) -> torch.Tensor:
        kept.append(surface)
        return honest(surface, *size, full_range=full_range)

    monkeypatch.setattr(nvdec, "small_luma", keeps_a_view)
    with pytest.raises(NotByNvdecError) as raised:
        looked_at(NvdecSource(nvc, "cpu"), video)
    assert isinstance(raised.value.__cause__, SurfaceReusedError)


def test_pictures_outlive_the_surfaces_they_were_made_of(video: Path, nvc: ModuleType) -> None:
    source = NvdecSource(nvc, "cpu")
    first = looked_at(source, video)
    before = first.pictures.clone()
    looked_at(source, video)
    assert torch.equal(first.pictures, before)


def test_one_decoder_serves_many_files(film: Film, tmp_path: Path, nvc: ModuleType) -> None:
    source = NvdecSource(nvc, "cpu")
    for number, size in enumerate(((320, 180), (160, 90), (320, 180))):
        path = tmp_path / f"{number}.mp4"
        encode(render_film(number, size=size, seconds=2.0), path, Encoding())
        looked_at(source, path)
    assert (nvc.SimpleDecoder.made, nvc.SimpleDecoder.reconfigured) == (1, 2)


def test_a_film_of_which_few_pictures_are_wanted_is_decoded_by_number(
    tmp_path: Path, nvc: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "film.mp4"
    encode(render_film(3, size=(160, 90), seconds=8.0), path, Encoding())
    whole = looked_at(NvdecSource(nvc, "cpu"), path)
    monkeypatch.setattr(nvdec, "_SPARSE", 0.5)
    some = looked_at(NvdecSource(nvc, "cpu"), path)
    assert torch.equal(whole.pictures, some.pictures)
    assert some.decoded_frames <= whole.decoded_frames


def test_a_film_whose_container_counts_no_pictures_is_decoded_in_their_order(
    tmp_path: Path, nvc: ModuleType
) -> None:
    counted = with_groups(tmp_path / "film.mp4", "keyint=25:open-gop=0")
    expected = looked_at(NvdecSource(nvc, "cpu"), counted)
    remuxed(counted, path := tmp_path / "film.mkv")  # whose clock ticks in milliseconds
    found = looked_at(NvdecSource(nvc, "cpu"), path)
    assert torch.equal(found.pictures, expected.pictures)
    assert found.decoded_frames == expected.decoded_frames


def test_a_film_whose_pictures_are_counted_wrongly_is_left_to_the_cpu(
    tmp_path: Path, nvc: ModuleType
) -> None:
    """Of an uneven rate: every other picture comes sooner than the one before should last."""
    path = tmp_path / "uneven.mkv"
    with av.open(os.fspath(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"bf": "0"})
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for number in range(50):
            grey = np.full((96, 160, 3), 4 * number, dtype=np.uint8)
            frame = av.VideoFrame.from_ndarray(grey, format="rgb24")
            frame.pts, frame.time_base = 40 * number - 15 * (number % 2), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(NotByNvdecError, match=r"NVDEC sees \d+ of its 50 pictures"):
        looked_at(NvdecSource(nvc, "cpu"), path)


@pytest.mark.parametrize(
    ("silent_end", "why"),
    [
        (False, "End of stream reached while seeking to frame index 20"),
        (True, "stopped at picture 20"),
    ],
)
def test_a_decoder_that_stops_early_leaves_the_film_to_the_cpu(
    video: Path, nvc: ModuleType, monkeypatch: pytest.MonkeyPatch, silent_end: bool, why: str
) -> None:
    monkeypatch.setattr(nvc.SimpleDecoder, "stops_after", 20)
    monkeypatch.setattr(nvc.SimpleDecoder, "ends_in_silence", silent_end)
    source = NvdecSource(nvc, "cpu")
    with pytest.raises(NotByNvdecError, match=why):
        looked_at(source, video)
    monkeypatch.setattr(nvdec, "_SPARSE", 0.5)  # by number
    with pytest.raises(NotByNvdecError, match="NVDEC gave up on it"):
        looked_at(source, video)
    monkeypatch.setattr(nvc.SimpleDecoder, "stops_after", None)
    assert len(looked_at(source, video).pictures)


def test_a_film_that_breaks_off_is_left_to_the_cpu(
    video: Path, tmp_path: Path, nvc: ModuleType
) -> None:
    """Its table of pictures is whole, at its beginning; two fifths of the pictures are gone."""
    path = tmp_path / "cut.mp4"
    with (
        av.open(os.fspath(video)) as whole,
        av.open(os.fspath(path), "w", options={"movflags": "faststart"}) as other,
    ):
        source = whole.streams.video[0]
        stream = other.add_stream_from_template(source)
        for packet in whole.demux(source):
            if packet.dts is not None:
                packet.stream = stream
                other.mux(packet)
    os.truncate(path, path.stat().st_size * 3 // 5)
    with pytest.raises(NotByNvdecError, match="some of its packets are damaged"):
        looked_at(NvdecSource(nvc, "cpu"), path)


def with_groups(path: Path, parameters: str, coded: str = "h264") -> Path:
    """Write a film with a keyframe every second or so, of which the last picture is wanted too."""
    encoder = {"h264": "libx264", "hevc": "libx265"}[coded]
    usual = "log-level=none:pools=none:frame-threads=1:" if coded == "hevc" else ""
    usual += "min-keyint=2:scenecut=0:bframes=3:b-adapt=0:"
    options = {f"{encoder[3:]}-params": usual + parameters}
    with av.open(os.fspath(path), "w") as container:
        stream = container.add_stream(encoder, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for frame in render_film(5, size=(320, 180), seconds=6.5).frames[:148]:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
    return path


@pytest.mark.usefixtures("all_decoded")
@pytest.mark.parametrize("sparse", [12, 0.5], ids=["in order", "by number"])
def test_pictures_are_those_of_the_cpu_across_keyframes(
    tmp_path: Path, nvc: ModuleType, monkeypatch: pytest.MonkeyPatch, sparse: float
) -> None:
    path = with_groups(tmp_path / "closed.mp4", "keyint=25:open-gop=0")
    monkeypatch.setattr(nvdec, "_SPARSE", sparse)
    ours = looked_at(NvdecSource(nvc, "cpu"), path)
    with opened(os.fspath(path)) as file:
        theirs = SoftwareSource().look(file, probe(file), silent)
    np.testing.assert_allclose(ours.times_seconds, theirs.times_seconds, atol=1e-6)
    difference = ours.pictures.numpy().astype(int) - theirs.pictures.astype(int)
    assert np.abs(difference).mean() < 1.0


@pytest.mark.usefixtures("all_decoded")
@pytest.mark.parametrize("lost", [True, False], ids=["lost", "broken"])
@pytest.mark.parametrize("coded", ["h264", "hevc"])
def test_pictures_of_open_groups_are_known_by_their_stamps(
    tmp_path: Path, nvc: ModuleType, monkeypatch: pytest.MonkeyPatch, coded: str, lost: bool
) -> None:
    """NVDEC seeks at every keyframe: what is shown before it is lost, or comes out broken."""
    path = with_groups(tmp_path / "open.mp4", "keyint=27:open-gop=1", coded)
    monkeypatch.setattr(nvc.SimpleDecoder, "leading_lost", lost)
    ours = looked_at(NvdecSource(nvc, "cpu"), path)
    with opened(os.fspath(path)) as file:
        film = timeline(file, silent)
        theirs = SoftwareSource().look(file, probe(file), silent)
    assert len(film.leading) >= 10
    led = set(film.times_seconds[film.leading].tolist())
    assert led & set(theirs.times_seconds.tolist())
    assert not led & set(ours.times_seconds.tolist())
    # The neighbour of what may be broken is taken instead, at most three pictures away.
    assert len(ours.times_seconds) == len(theirs.times_seconds)
    assert np.abs(ours.times_seconds - theirs.times_seconds).max() <= 3 / 25 + 1e-6
    same = ours.times_seconds == theirs.times_seconds
    assert same.sum() > 30
    difference = ours.pictures.numpy()[same].astype(int) - theirs.pictures[same].astype(int)
    assert np.abs(difference).mean(axis=(1, 2)).max() < 2.0


def test_pictures_of_open_groups_are_not_looked_for_by_number(
    tmp_path: Path, nvc: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = with_groups(tmp_path / "open.mp4", "keyint=27:open-gop=1")
    monkeypatch.setattr(nvdec, "_SPARSE", 0.5)
    with pytest.raises(NotByNvdecError, match="in open groups: 10 are shown before"):
        looked_at(NvdecSource(nvc, "cpu"), path)
    monkeypatch.setattr(nvdec, "_refuse_what_it_numbers_otherwise", lambda *_, **__: None)
    with pytest.raises(NotByNvdecError, match=r"beside those asked for|End of stream"):
        looked_at(NvdecSource(nvc, "cpu"), path)


def test_open_groups_whose_stamps_are_told_in_another_unit_are_left_to_the_cpu(
    tmp_path: Path, nvc: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = with_groups(tmp_path / "open.mp4", "keyint=27:open-gop=1")
    monkeypatch.setattr(nvc.SimpleDecoder, "unit", 0.5)
    with pytest.raises(NotByNvdecError, match=r"showed none of \d+ pictures|End of stream"):
        looked_at(NvdecSource(nvc, "cpu"), path)


def test_surfaces_of_another_size_than_the_films_are_not_taken_for_it(
    video: Path, nvc: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nvc.SimpleDecoder, "small_surfaces", True)
    with pytest.raises(NotByNvdecError, match="surfaces are of 64 x 72, not of 320 x 270"):
        looked_at(NvdecSource(nvc, "cpu"), video)


@pytest.mark.usefixtures("all_decoded")
def test_films_of_ten_bits_look_as_on_the_cpu(tmp_path: Path, nvc: ModuleType) -> None:
    path = tmp_path / "deep.mp4"
    with av.open(os.fspath(path), "w") as container:
        options = {"x265-params": "log-level=none:pools=none:frame-threads=1"}
        stream = container.add_stream("libx265", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p10le"
        for frame in render_film(5, size=(320, 180), seconds=2.0).frames:
            shown = av.VideoFrame.from_ndarray(frame, format="rgb24")
            container.mux(stream.encode(shown.reformat(format="yuv420p10le")))
        container.mux(stream.encode(None))
    ours = looked_at(NvdecSource(nvc, "cpu"), path, colour=True)
    with opened(os.fspath(path)) as file:
        theirs = SoftwareSource().look(file, probe(file), silent, colour=True)
    assert ours.colours is not None
    assert theirs.colours is not None
    np.testing.assert_allclose(ours.times_seconds, theirs.times_seconds, atol=1e-6)
    difference = ours.pictures.numpy().astype(int) - theirs.pictures.astype(int)
    assert np.abs(difference).mean() < 1.0
    assert np.abs(ours.colours.numpy().astype(int) - theirs.colours.astype(int)).mean() < 4.0


def test_a_question_that_fails_leaves_no_context_behind_in_the_thread_that_asked(
    nvc: ModuleType,
) -> None:
    chip = chip_of(nvc, "stand-in")
    assert ("h264", 8) in chip.largest
    assert ("h264", 10) not in chip.largest
    assert not hasattr(nvc.left_behind, "context")


def test_the_stand_in_takes_what_the_installed_decoder_takes(nvc: ModuleType) -> None:
    """By its Python source alone: without a driver it cannot be imported."""
    found = importlib.util.find_spec("PyNvVideoCodec")
    if found is None or not found.submodule_search_locations:
        pytest.skip("PyNvVideoCodec is not installed")
    source = Path(found.submodule_search_locations[0]) / "decoders" / "SimpleDecoder.py"
    (theirs,) = (n for n in ast.parse(source.read_text()).body if isinstance(n, ast.ClassDef))
    methods = {n.name: n.args.args for n in theirs.body if isinstance(n, ast.FunctionDef)}
    used = ("__init__", "__len__", "get_batch_frames", "get_batch_frames_by_index")
    for name in (*used, "reconfigure_decoder"):
        ours = inspect.signature(getattr(nvc.SimpleDecoder, name)).parameters
        assert list(ours) == [argument.arg for argument in methods[name]], name


def test_pictures_that_are_not_those_asked_for_are_noticed_by_their_stamps(
    video: Path, nvc: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pictures before the first keyframe that refer to nothing: one decoder shows them, one not."""
    monkeypatch.setattr(nvc.SimpleDecoder, "drops_first", 2)
    with pytest.raises(NotByNvdecError, match="beside those asked for"):
        looked_at(NvdecSource(nvc, "cpu"), video)


def test_in_which_unit_a_decoder_tells_its_stamps_does_not_matter(
    video: Path, nvc: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = looked_at(NvdecSource(nvc, "cpu"), video)
    monkeypatch.setattr(nvc.SimpleDecoder, "unit", 12.8)  # milliseconds of a clock of 12,800
    assert torch.equal(looked_at(NvdecSource(nvc, "cpu"), video).pictures, whole.pictures)


def test_films_of_two_fields_a_picture_are_left_to_the_cpu(tmp_path: Path, nvc: ModuleType) -> None:
    path = tmp_path / "fields.mp4"
    with av.open(os.fspath(path), "w") as container:
        fields = {"flags": "+ildct+ilme", "x264-params": "tff=1"}
        stream = container.add_stream("libx264", rate=25, options=fields)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        for number in range(50):
            grey = np.full((96, 160, 3), 4 * number, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        container.mux(stream.encode(None))
    with pytest.raises(NotByNvdecError, match="interlaced"):
        looked_at(NvdecSource(nvc, "cpu"), path)


def test_films_that_begin_with_pictures_not_to_be_shown_are_left_to_the_cpu(
    video: Path, tmp_path: Path, nvc: ModuleType
) -> None:
    """As of a part that was cut out without encoding anew: its start is between two keyframes."""
    path = tmp_path / "part.mp4"
    with av.open(os.fspath(video)) as whole, av.open(os.fspath(path), "w") as part:
        source = whole.streams.video[0]
        stream = part.add_stream_from_template(source)
        assert source.time_base is not None
        shift = int(0.2 / source.time_base)
        for packet in whole.demux(source):
            if packet.pts is not None and packet.dts is not None:
                packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
                packet.stream = stream
                part.mux(packet)
    with pytest.raises(NotByNvdecError, match="5 pictures are not to be shown"):
        looked_at(NvdecSource(nvc, "cpu"), path)


def test_a_film_larger_than_what_a_decoder_was_made_for_begins_anew(
    tmp_path: Path, nvc: ModuleType
) -> None:
    source = NvdecSource(nvc, "cpu")
    for number, size in enumerate(((160, 90), (320, 180), (160, 90), (90, 192), (160, 160))):
        path = tmp_path / f"{number}.mp4"
        encode(render_film(number, size=size, seconds=1.0), path, Encoding())
        looked_at(source, path)  # the stand-in refuses to grow
    # The second is larger; the fourth is taller than any before it, and the fifth is no larger.
    assert (nvc.SimpleDecoder.made, nvc.SimpleDecoder.reconfigured) == (3, 2)


def test_a_film_for_which_there_is_no_memory_is_left_to_the_cpu(
    video: Path, nvc: ModuleType
) -> None:
    needed = surface_bytes(("h264", 8), (320, 180)) * SURFACES
    looked_at(NvdecSource(nvc, "cpu", most_bytes=needed), video)
    with pytest.raises(NotByNvdecError, match="share of the memory is too small: 320 x 180"):
        looked_at(NvdecSource(nvc, "cpu", most_bytes=needed - 1), video)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"codec": "hevc", "width": 128}, "takes hevc down to 144 x 144"),
        ({"codec": "av1"}, "no av1"),
        ({"pixel_format": "yuv444p"}, "pixels of yuv444p"),
        ({"pixel_format": "yuv420p10le"}, "no h264 of 10 bits"),
        ({"container": "avi"}, "not used for avi"),
        ({"width": 8000}, "up to 4096 x 4096"),
        ({"height": 181}, "odd sizes"),
        # Which of them NVDEC takes is its own affair, and their stamps may be the same.
        ({"video_streams": 2}, "files of several films"),
    ],
)
def test_what_the_chip_lacks_goes_to_the_cpu_and_the_route_says_why(
    video: Path, nvc: ModuleType, changed: dict[str, object], why: str
) -> None:
    with opened(os.fspath(video)) as file:
        facts = probe(file)
    chip = chip_of(nvc, "stand-in")
    assert refusal(facts, chip) is None
    route = choose_route(replace(facts, **changed), chip, Costs(), 0.0)  # type: ignore[arg-type]
    assert route.decoder == "pyav"
    assert why in route.why


def test_a_film_goes_where_measurements_say_it_is_done_sooner(video: Path, nvc: ModuleType) -> None:
    with opened(os.fspath(video)) as file:
        facts = probe(file)
    chip = chip_of(nvc, "stand-in")
    long = replace(facts, duration_seconds=7200.0)
    unknown = Costs()
    assert choose_route(facts, chip, unknown, 0.0).decoder == "nvdec"  # tried, to measure it
    fast = unknown.measured(facts, unknown.cpu_seconds(facts) / 10)
    slow = unknown.measured(facts, unknown.cpu_seconds(facts) * 10)
    assert choose_route(facts, chip, fast, 0.0).decoder == "nvdec"
    assert choose_route(facts, chip, slow, 0.0).decoder == "pyav"
    assert choose_route(facts, chip, slow, 1e6).decoder == "nvdec"  # the CPU is busy for long
    seeks_slowly = fast.measured(long, fast.cpu_seconds(long) * 3)
    assert choose_route(long, chip, seeks_slowly, 0.0).decoder == "pyav"
    assert "keyframes" in choose_route(long, chip, seeks_slowly, 0.0).why
    assert choose_route(facts, chip, seeks_slowly, 0.0).decoder == "nvdec"
