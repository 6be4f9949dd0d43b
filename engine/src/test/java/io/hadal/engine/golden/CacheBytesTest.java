package io.hadal.engine.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.kernels.KeyTile;
import io.hadal.model.cache.CacheLayout;
import io.hadal.model.cache.KvStore;
import io.hadal.model.cache.LayerCache;
import io.hadal.model.cache.RowFormat;
import io.hadal.model.cache.SequenceCache;
import io.hadal.model.config.ConfigReader;
import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.config.NumericMode;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Packed caches of the released shapes take the published bytes. */
class CacheBytesTest {
  private static final String COMMON =
      """
      "vocab_size": 129280, "num_attention_heads": 64, "num_key_value_heads": 1,
      "head_dim": 512, "qk_rope_head_dim": 64, "o_groups": 8, "o_lora_rank": 1024,
      "sliding_window": 128, "hidden_act": "silu", "swiglu_limit": 10.0,
      "scoring_func": "sqrtsoftplus", "topk_method": "noaux_tc", "norm_topk_prob": true,
      "routed_scaling_factor": 1.5, "n_shared_experts": 1, "num_experts_per_tok": 6,
      "rope_theta": 10000, "compress_rope_theta": 160000, "max_position_embeddings": 1048576,
      "rope_scaling": {"type": "yarn", "factor": 16, "beta_fast": 32, "beta_slow": 1,
        "original_max_position_embeddings": 65536},
      "hc_mult": 4, "hc_sinkhorn_iters": 20, "hc_eps": 1e-6, "index_head_dim": 128,
      "index_topk": 512, "attention_bias": false, "tie_word_embeddings": false,
      """;

  private static final String QUANTISED =
      """
      "quantization_config": {"quant_method": "fp8", "scale_fmt": "ue8m0"},
      """;

  private static final String V41_FLASH =
      """
      {"model_type": "deepseek_v41", %s
      "hidden_size": 5120, "num_hidden_layers": 40, "q_lora_rank": 1280,
      "n_routed_experts": 384, "moe_intermediate_size": 2304, "rms_norm_eps": 1e-20,
      "compress_ratios": [0, 0, %s, %s, 0, 0, 0], "kv_source_layer_ids": [2, 8, 14, 20],
      "index_source_layer_ids": [2, 8, 14, 20, 24, 28, 32, 36], "index_n_heads": 32,
      "candidate_source_layer_id": 20, "candidate_topk_blocks": 2048,
      "candidate_block_size": 8, "num_nextn_predict_layers": 3, "dspark_block_size": 5,
      "dspark_target_layer_ids": [37, 38, 39], "dspark_noise_token_id": 128799,
      "dspark_markov_rank": 256, "engram_layer_ids": [1, 14],
      "engram_num_embeddings": [384006168, 384016682], "engram_max_ngram_size": 4,
      "engram_n_heads": 8, "engram_head_dim": 256, "engram_vocab_size": 16000000,
      "engram_compressed_vocab_size": 99092, "engram_pad_token_id": 2}
      """;

  private static final String V4_FLASH =
      """
      {"model_type": "deepseek_v4", %s
      "hidden_size": 4096, "num_hidden_layers": 43, "q_lora_rank": 1024,
      "n_routed_experts": 256, "moe_intermediate_size": 2048, "rms_norm_eps": 1e-6,
      "num_hash_layers": 3, "index_n_heads": 64, "num_nextn_predict_layers": 1,
      "compress_ratios": [0, 0, %s, 4, 0]}
      """;

  @Test
  void v41FlashTakes890BytesPerToken() {
    ModelConfig config = v41("");
    CacheLayout layout = CacheLayout.packed(config, 1);
    assertThat(bytesPerToken(config, layout)).isEqualTo(890.0);
    assertThat(layout.entryRows().bytes()).isEqualTo(256 + 32);
    assertThat(layout.indexRows().bytes()).isEqualTo(64 + 4);
    // 40 rings of 128 rows of FP8 codes with a scale per 32.
    assertThat(layout.windowRows().bytes()).isEqualTo(512 + 16);
    assertThat(bytesPerToken(config, CacheLayout.plain(config, 1)))
        .isEqualTo(2.5 * 4 * (512 + 128));
  }

  @Test
  void v4FlashTakes3514BytesPerToken() {
    ModelConfig config = v4("");
    CacheLayout layout = CacheLayout.packed(config, 1);
    assertThat(layout.windowRows().bytes()).isEqualTo(584);
    assertThat(layout.entryRows().bytes()).isEqualTo(584);
    assertThat(layout.indexRows().bytes()).isEqualTo(68);
    assertThat(bytesPerToken(config, layout)).isEqualTo(21 * (584 + 68) / 4.0 + 20 * 584 / 128.0);
    assertThat(bytesPerToken(config, layout)).isBetween(3514.0, 3515.0);
  }

  /** Sessions of mode fast take what is specified, and grow by what the memory plan counts. */
  @Test
  void sessionsInModeFast() {
    assertThat(grown(v4(QUANTISED))).isEqualTo(21 * (584 + 68) / 4.0 + 20 * 584 / 128.0);
    assertThat(grown(v41(QUANTISED))).isEqualTo(890.0);
  }

  /** Bytes a token adds to a real timeline. */
  private static double grown(ModelConfig config) {
    int tokens = 128 * KeyTile.KEYS;
    CacheLayout layout = CacheLayout.of(config, NumericMode.FAST, false, 1);
    assertThat(layout).isEqualTo(CacheLayout.packed(config, 1));
    try (KvStore store = new KvStore(layout, 1L << 30);
        SequenceCache cache = store.open(config.layers())) {
      long before = cache.bytes();
      assertThat(before).isEqualTo(config.layers().stream().mapToLong(layout::fixedBytes).sum());
      for (LayerConfig layer : config.layers()) {
        LayerCache rows = cache.layer(layer.index());
        for (LayerCache.Stream stream : Arrays.asList(rows.main(), rows.index())) {
          if (stream != null) {
            stream.entries().reserve(tokens / layer.ratio());
          }
        }
      }
      assertThat(cache.bytes()).isEqualTo(store.usedBytes());
      double perToken = (cache.bytes() - before) / (double) tokens;
      assertThat(perToken).isEqualTo(bytesPerToken(config, layout));
      return perToken;
    }
  }

  @Test
  void modelsThatDeclareNothingKeepTheirRows() {
    CacheLayout layout = CacheLayout.of(v4(""), NumericMode.FAST, false, 1);
    assertThat(layout.windowRows()).isEqualTo(new RowFormat.F32(512));
    assertThat(layout.entryRows()).isEqualTo(new RowFormat.F32(512));
    assertThat(layout.indexRows().bytes()).isEqualTo(128 + 4);
  }

  /** What was written before rows were packed is not misread. */
  @Test
  void rowsOfAnotherFormAreRefused() throws IOException {
    List<LayerConfig> layers = v4("").layers().subList(0, 4);
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    CacheLayout before = CacheLayout.of(v4(""), NumericMode.FAST, false, 1);
    try (KvStore store = new KvStore(before, 1L << 30);
        SequenceCache cache = store.open(layers)) {
      store.snapshot(cache, layers, file);
    }
    CacheLayout now = CacheLayout.of(v4(QUANTISED), NumericMode.FAST, false, 1);
    try (KvStore store = new KvStore(now, 1L << 30)) {
      InputStream from = new ByteArrayInputStream(file.toByteArray());
      assertThatThrownBy(() -> store.restore(layers, from, "old"))
          .isInstanceOf(FormatException.class)
          .hasMessageContaining("cache format");
      assertThat(store.usedBytes()).isZero();
    }
  }

  private static ModelConfig v4(String more) {
    return config(V4_FLASH.formatted(more + COMMON, repeat("4, 128", 20)));
  }

  private static ModelConfig v41(String more) {
    return config(V41_FLASH.formatted(more + COMMON, repeat("2", 18), repeat("1", 20)));
  }

  private static ModelConfig config(String json) {
    return ConfigReader.parse(
        Json.parse(json.getBytes(StandardCharsets.UTF_8), "config.json"), "config.json");
  }

  private static String repeat(String ratios, int times) {
    return IntStream.range(0, times).mapToObj(i -> ratios).collect(Collectors.joining(", "));
  }

  /** Trunk and drafter together: drafters keep windows only. */
  private static double bytesPerToken(ModelConfig config, CacheLayout layout) {
    double drafts = config.draftLayers().stream().mapToDouble(layout::bytesPerToken).sum();
    assertThat(config.draftLayers()).isNotEmpty();
    assertThat(drafts).isZero();
    return config.layers().stream().mapToDouble(layout::bytesPerToken).sum();
  }
}
