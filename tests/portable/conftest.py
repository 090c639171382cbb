"""The film that the tests of this area look at."""

from small_films import film, video

__all__ = ["film", "video"]
