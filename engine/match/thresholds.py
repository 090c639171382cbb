"""What counts as alike: every number the matcher judges by, for each profile."""

from dataclasses import dataclass, replace

from autodedup.schemas.vocabulary import Profile


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The limits of one search. Bits are of 256 unless said otherwise, times are seconds.

    near_bits        two frames within this many bits are alike
    agreement        share of compared frames that must be alike for a claim
    moving_contrast  how many bits closer than elsewhere a moving film must lie on its line
    moving_scenes    how many different pictures such a film must show
    moving_bits      its frames may be this far apart on average
    hard_bits, hard_contrast, hard_scenes  the same for a longer film under a heavier edit, at a
    speed that is usual
    short_contrast   a moving film shorter than `short_seconds` must lie this much closer
    close_bits       a short or calm film must lie within this, and move alike
    close_contrast, close_motion  and by so much, less if it is closer; nine in ten of its frames
    must lie within `close_high`
    brief_bits, brief_contrast  the frames of a film of no length, on average or nine in ten, must
    lie within so many bits, or so much closer than elsewhere; `close_bits` and `short_contrast` are
    asked of one of `short_seconds`, and what lies between of one between
    long_seconds     a calm film this long may lie further apart if it moves alike
    few_bits, few_contrast  of a film that is looked at once in seconds, or one that is shorter than
    `few_seconds`, two pictures are enough if each lies this close and they lie this much closer
    than elsewhere
    still_bits, still_scenes  two films that stand still must lie within this, last equally long and
    show no more pictures
    seen_…           of pairs that only the embeddings have seen, in bits as `sights` counts them:
    seen_high, seen_scenes  nine in ten of its frames lie within, and it shows so many pictures
    seen_contrast, seen_motion   on its line a film lies so much closer, and moves so much alike
    seen_moved       the product of both must come to this
    seen_half_motion  both halves of a film in which much moves must move so much alike
    seen_same_motion, seen_same_bits  frames that lie at no distance must move so much alike, and
    less up to this one
    seen_far_high, seen_far_moved  frames may lie this much further apart if more of it moves alike,
    at the film's own speed
    seen_short_contrast, seen_short_motion  of a film shorter than `seen_seconds`; or else, of one
    no shorter than `seen_own_seconds`, `seen_own_contrast`, `seen_own_motion` in so many pictures
    as `seen_own_scenes`
    seen_few_scenes  so few pictures are enough where they lie within `seen_few_bits` on average,
    by `seen_few_contrast` closer than elsewhere, and move so much alike as `seen_few_motion`
    means_alike      mean cosine of the frames' meanings from which on two films mean the same
    """

    profile: Profile = "balanced"
    near_bits: int = 70
    agreement: float = 0.5
    moving_contrast: float = 50.0
    moving_scenes: int = 4
    moving_bits: float = 60.0
    hard_bits: float = 82.0
    hard_contrast: float = 38.0
    hard_scenes: int = 12
    short_seconds: float = 5.0
    short_contrast: float = 55.0
    close_bits: float = 32.0
    close_contrast: float = 15.0
    close_motion: float = 0.35
    close_high: float = 30.0
    brief_bits: float = 16.0
    brief_contrast: float = 70.0
    long_seconds: float = 8.0
    long_contrast: float = 25.0
    long_motion: float = 0.40
    few_bits: float = 20.0
    few_contrast: float = 100.0
    few_seconds: float = 3.0
    still_bits: float = 18.0
    still_scenes: int = 6
    seen_high: float = 70.0
    seen_scenes: int = 6
    seen_contrast: float = 5.0
    seen_motion: float = 0.40
    seen_moved: float = 4.5
    seen_half_motion: float = 0.3
    seen_same_motion: float = 0.92
    seen_same_bits: float = 50.0
    seen_far_high: float = 85.0
    seen_far_moved: float = 20.0
    seen_seconds: float = 8.0
    seen_short_contrast: float = 30.0
    seen_short_motion: float = 0.92
    seen_own_seconds: float = 5.5
    seen_own_contrast: float = 30.0
    seen_own_motion: float = 0.55
    seen_own_scenes: int = 7
    seen_few_scenes: int = 4
    seen_few_bits: float = 20.0
    seen_few_contrast: float = 40.0
    seen_few_motion: float = 0.88
    means_alike: float = 0.9
    strict_mean_bits: float = 10.0
    strict_worst_bits: int = 16
    strict_seconds: float = 1.0
    strict_size_ratio: float = 0.3

    def of_profile(self, profile: Profile) -> "Thresholds":
        """Return the same limits for another profile: `loose` asks for less, `strict` for more.

        `strict` asks what `match.strict` does besides. `loose` also takes calm, short and heavily
        edited copies, and with them, now and then, two takes of one scene.
        """
        if profile != "loose":
            return replace(self, profile=profile)
        return replace(
            self,
            profile=profile,
            agreement=0.8 * self.agreement,
            moving_contrast=0.7 * self.moving_contrast,
            moving_scenes=max(2, self.moving_scenes - 1),
            moving_bits=1.15 * self.moving_bits,
            hard_bits=1.07 * self.hard_bits,
            hard_contrast=0.7 * self.hard_contrast,
            hard_scenes=self.hard_scenes // 2,
            short_contrast=0.7 * self.short_contrast,
            close_bits=1.3 * self.close_bits,
            close_high=1.3 * self.close_high,
            close_contrast=0.7 * self.close_contrast,
            close_motion=0.7 * self.close_motion,
            brief_bits=1.3 * self.brief_bits,
            brief_contrast=0.7 * self.brief_contrast,
            long_contrast=0.6 * self.long_contrast,
            long_motion=0.6 * self.long_motion,
            still_bits=2.0 * self.still_bits,
            seen_high=1.15 * self.seen_high,
            seen_scenes=self.seen_scenes // 2,
            seen_contrast=0.6 * self.seen_contrast,
            seen_moved=0.6 * self.seen_moved,
            seen_far_high=1.15 * self.seen_far_high,
            seen_far_moved=0.7 * self.seen_far_moved,
            seen_short_motion=0.75 * self.seen_short_motion,
        )

    def in_doubt(self) -> "Thresholds":
        """Return the limits within which another witness may decide: a little looser only."""
        return replace(
            self,
            profile="loose",
            agreement=0.8 * self.agreement,
            moving_contrast=0.7 * self.moving_contrast,
            moving_scenes=max(2, self.moving_scenes - 1),
            still_bits=1.2 * self.still_bits,
        )
