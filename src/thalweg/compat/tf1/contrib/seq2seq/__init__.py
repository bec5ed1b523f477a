"""``tf.contrib.seq2seq``: decoders, what they read, attention and beams."""

from __future__ import annotations

from thalweg.compat.tf1.contrib.seq2seq.attention import (
    AttentionMechanism,
    AttentionWrapper,
    AttentionWrapperState,
    BahdanauAttention,
    LuongAttention,
    tile_batch,
)
from thalweg.compat.tf1.contrib.seq2seq.beam import (
    BeamSearchDecoder,
    BeamSearchDecoderOutput,
    BeamSearchDecoderState,
    FinalBeamSearchDecoderOutput,
    gather_tree,
)
from thalweg.compat.tf1.contrib.seq2seq.decoders import (
    BasicDecoder,
    BasicDecoderOutput,
    Decoder,
    dynamic_decode,
)
from thalweg.compat.tf1.contrib.seq2seq.functions import (
    attention_decoder_fn_inference,
    attention_decoder_fn_train,
    dynamic_rnn_decoder,
    prepare_attention,
    simple_decoder_fn_inference,
    simple_decoder_fn_train,
)
from thalweg.compat.tf1.contrib.seq2seq.helpers import (
    CustomHelper,
    GreedyEmbeddingHelper,
    Helper,
    InferenceHelper,
    SampleEmbeddingHelper,
    ScheduledEmbeddingTrainingHelper,
    TrainingHelper,
)

__all__ = [
    "AttentionMechanism",
    "AttentionWrapper",
    "AttentionWrapperState",
    "BahdanauAttention",
    "BasicDecoder",
    "BasicDecoderOutput",
    "BeamSearchDecoder",
    "BeamSearchDecoderOutput",
    "BeamSearchDecoderState",
    "CustomHelper",
    "Decoder",
    "FinalBeamSearchDecoderOutput",
    "GreedyEmbeddingHelper",
    "Helper",
    "InferenceHelper",
    "LuongAttention",
    "SampleEmbeddingHelper",
    "ScheduledEmbeddingTrainingHelper",
    "TrainingHelper",
    "attention_decoder_fn_inference",
    "attention_decoder_fn_train",
    "dynamic_decode",
    "dynamic_rnn_decoder",
    "gather_tree",
    "prepare_attention",
    "simple_decoder_fn_inference",
    "simple_decoder_fn_train",
    "tile_batch",
]
