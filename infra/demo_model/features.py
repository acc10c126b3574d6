import torch
from faster_whisper.feature_extractor import FeatureExtractor

from infra.demo_model.synthesis import Samples

FEATURES_PER_SECOND = 100
MELS = 80
_FFT, _HOP = 400, 160


class LogMel:
    """Hears as faster-whisper does, in torch, which is several times faster."""

    def __init__(self) -> None:
        self._filters = torch.from_numpy(FeatureExtractor().mel_filters)
        self._window = torch.hann_window(_FFT)

    def __call__(self, sound: Samples, seconds: float) -> torch.Tensor:
        """Turn sound into features, filled up with zeros to `seconds` as faster-whisper fills them."""
        features = self._log_mel(torch.from_numpy(sound))
        length = int(seconds * FEATURES_PER_SECOND)
        filled = torch.zeros(MELS, length)
        filled[:, : features.shape[1]] = features[:, :length]
        return filled

    def _log_mel(self, sound: torch.Tensor) -> torch.Tensor:
        padded = torch.nn.functional.pad(sound, (0, _HOP))
        spectrum = torch.stft(padded, _FFT, _HOP, window=self._window, pad_mode="reflect", return_complex=True)
        power = spectrum[:, :-1].abs() ** 2
        decades = torch.log10(torch.clamp(self._filters @ power, min=1e-10))
        decades = torch.maximum(decades, decades.max() - 8.0)
        return ((decades + 4.0) / 4.0)[:, :-1]
