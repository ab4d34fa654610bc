"""Sounds as telephones carry them: 8,000 samples a second, 16 bits, one channel.

Run as a program it turns espeak-ng's WAV on its standard input into such a one on its standard output: a
minute of speech is a second of arithmetic, which must not hold up the calls of the worker.
"""

from __future__ import annotations

import io
import math
import sys
import wave
from array import array
from functools import lru_cache
from operator import mul

RATE = 8_000
_TAPS = 32
"""Samples that each new one is made of."""
_CUTOFF_HZ = 3_600.0
_HEADER = 44
"""Bytes before the samples; espeak-ng writes no other form."""


def telephone_wav(espoken: bytes) -> bytes:
    """A WAV file for telephones from espeak-ng's, whose header does not know the length.

    Raises:
        ValueError: it is no WAV of one channel and 16 bits.
    """
    if espoken[:4] != b"RIFF" or espoken[8:16] != b"WAVEfmt " or espoken[36:40] != b"data":
        raise ValueError("espeak-ng wrote no WAV")
    channels = int.from_bytes(espoken[22:24], "little")
    rate = int.from_bytes(espoken[24:28], "little")
    bits = int.from_bytes(espoken[34:36], "little")
    if (channels, bits) != (1, 16) or rate < RATE:
        raise ValueError(f"espeak-ng wrote {channels} channels of {bits} bits at {rate} Hz")
    samples = array("h", espoken[_HEADER : _HEADER + (len(espoken) - _HEADER) // 2 * 2])
    if sys.byteorder == "big":
        samples.byteswap()
    return _wav(samples if rate == RATE else _slower(samples, rate))


def _slower(samples: array[int], rate: int) -> array[int]:
    """The same sound with fewer samples, without what they cannot carry."""
    common = math.gcd(rate, RATE)
    step, phases = rate // common, RATE // common
    kernels = _kernels(rate, phases)
    padded = array("h", bytes(_TAPS)) + samples + array("h", bytes(2 * _TAPS))
    made = array("h")
    for number in range(len(samples) * phases // step):
        first, phase = divmod(number * step, phases)
        value = sum(map(mul, kernels[phase], padded[first : first + _TAPS]))
        made.append(max(-32_768, min(32_767, round(value))))
    return made


@lru_cache(maxsize=4)
def _kernels(rate: int, phases: int) -> tuple[tuple[float, ...], ...]:
    """A low-pass filter for each place that a new sample can have between two old ones."""
    return tuple(_kernel(rate, phase / phases) for phase in range(phases))


def _kernel(rate: int, offset: float) -> tuple[float, ...]:
    half = _TAPS / 2
    weights = []
    for tap in range(_TAPS):
        at = tap - half - offset
        angle = 2 * math.pi * _CUTOFF_HZ / rate * at
        window = 0.54 + 0.46 * math.cos(math.pi * at / (half + 1))
        weights.append((math.sin(angle) / angle if angle else 1.0) * window)
    total = sum(weights)
    return tuple(weight / total for weight in weights)


def _wav(samples: array[int]) -> bytes:
    if sys.byteorder == "big":
        samples.byteswap()
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(samples.tobytes())
    return file.getvalue()


if __name__ == "__main__":
    sys.stdout.buffer.write(telephone_wav(sys.stdin.buffer.read()))
