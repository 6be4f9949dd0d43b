package io.hadal.engine.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.engine.Engine;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.Sampler;
import io.hadal.engine.Session;
import io.hadal.formats.FormatException;
import io.hadal.formats.weights.GgufValue;
import io.hadal.formats.weights.GgufValueType;
import io.hadal.formats.weights.GgufWriter;
import io.hadal.formats.weights.Safetensors;
import io.hadal.formats.weights.SafetensorsWriter;
import io.hadal.formats.weights.StoredTensor;
import io.hadal.kernels.StorageType;
import io.hadal.model.Model;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The tiny V4.1 model gives the same bits from either GGUF dialect as from safetensors. */
class V41GgufTest {
  private record Tensor(StorageType type, long[] shape, byte[] data) {}

  private static final String[][] NAMES = {
    {"attn.wq_a", "attn_q_a"},
    {"attn.wq_b", "attn_q_b"},
    {"attn.q_norm", "attn_q_a_norm"},
    {"attn.wkv", "attn_kv"},
    {"attn.kv_norm", "attn_kv_a_norm"},
    {"attn.wo_a", "attn_output_a"},
    {"attn.wo_b", "attn_output_b"},
    {"attn.compressor.wkv", "attn_compressor_kv"},
    {"attn.compressor.wgate", "attn_compressor_gate"},
    {"attn.compressor.norm", "attn_compressor_norm"},
    {"attn.indexer.wq_b", "indexer.attn_q_b"},
    {"attn.indexer.weights_proj", "indexer.proj"},
    {"attn.indexer.wk", "indexer.attn_k"},
    {"attn.indexer.k_norm", "indexer.k_norm"},
    {"ffn.gate", "ffn_gate_inp"},
    {"ffn.shared_experts.w1", "ffn_gate_shexp"},
    {"ffn.shared_experts.w2", "ffn_down_shexp"},
    {"ffn.shared_experts.w3", "ffn_up_shexp"},
    {"engram.embed", "engram_embd"},
    {"attn_norm", "attn_norm"},
    {"ffn_norm", "ffn_norm"}
  };

  @TempDir Path temp;
  private Path hf = Path.of("");
  private final Map<String, Tensor> tensors = new TreeMap<>();
  private int[] map = new int[0];

  @BeforeEach
  void unpack() throws Exception {
    hf = Files.createDirectory(temp.resolve("hf"));
    for (String file : new String[] {"config.json", "tokenizer.json"}) {
      try (InputStream in = open(file)) {
        Files.copy(in, hf.resolve(file));
      }
    }
    try (InputStream in = new GZIPInputStream(open("model.safetensors.gz"))) {
      Files.copy(in, hf.resolve("model.safetensors"));
    }
    try (Safetensors store = Safetensors.open(hf.resolve("model.safetensors"))) {
      for (String name : store.names()) {
        StoredTensor t = store.get(name);
        tensors.put(
            name,
            new Tensor(
                t.type(),
                t.shape().stream().mapToLong(Long::longValue).toArray(),
                t.data().toArray(ValueLayout.JAVA_BYTE)));
      }
    }
    try (Model model = Model.load(hf)) {
      map = Objects.requireNonNull(model.engram()).map().toArray();
    }
  }

  private static InputStream open(String file) {
    return Objects.requireNonNull(V41GgufTest.class.getResourceAsStream("/golden/e/" + file), file);
  }

  @Test
  void plainTablesGiveTheSameBits() {
    Path gguf = write("deepseek_v41", false, l -> {});
    same(hf, gguf);
  }

  @Test
  void tablesWithScalesInTheRowGiveTheSameBits() throws Exception {
    interleave();
    same(hf, write("deepseek41", true, l -> {}));
  }

  @Test
  void storedConstantsCount() {
    long[] other = {3, 5, 7, 9, 11, 13, 15, 17};
    Path gguf = write("deepseek4_1", false, l -> put(l, "deepseek4_1.engram.multipliers", other));
    assertThat(logits(gguf)[39]).isNotEqualTo(logits(hf)[39]);
  }

  @Test
  void unusableFilesAreMessages() {
    refused(write("deepseek9", false, l -> {}), "architecture deepseek9 is not supported");
    refused(
        write(
            "deepseek41",
            false,
            l -> l.put("deepseek41.engram.encoding", text("lloyd4_e5m3_32_r136"))),
        "lloyd4_e5m3_32_r136",
        "supported: e4m3_e8m0_32_row264, q4_k_row144");
    refused(
        write("deepseek41", false, l -> put(l, "deepseek41.engram.rows", 6126, 6331)), "6331 rows");
    refused(
        write("deepseek41", false, l -> put(l, "deepseek41.engram.token_map", 0, 1)),
        "token_map has 2 entries");
    map = new int[0];
    refused(write("deepseek41", false, l -> {}), "deepseek41.engram.token_map is missing");
    tensors.computeIfPresent(
        "layers.4.engram.embed.weight",
        (k, t) ->
            new Tensor(
                t.type(), new long[] {6000, 16}, java.util.Arrays.copyOf(t.data(), 6000 * 32)));
    refused(
        write("deepseek41", false, l -> put(l, "deepseek41.engram.token_map", mapOf())), "6000");
  }

  private long[] mapOf() {
    long[] ids = new long[512];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = Math.min(i, 369);
    }
    return ids;
  }

  private static void refused(Path file, String... parts) {
    assertThatThrownBy(() -> Model.load(file).close())
        .isInstanceOf(FormatException.class)
        .hasMessageContainingAll(parts);
  }

  /** Replaces both tables by E4M3 codes with scales of their own. */
  private void interleave() throws Exception {
    Random random = new Random(41);
    for (String p : new String[] {"layers.1.engram.embed.", "layers.4.engram.embed."}) {
      int rows = (int) Objects.requireNonNull(tensors.get(p + "weight")).shape()[0];
      byte[] codes = new byte[rows * 16];
      byte[] scales = new byte[rows];
      for (int i = 0; i < codes.length; i++) {
        codes[i] = (byte) (random.nextInt(0x70) | (random.nextBoolean() ? 0x80 : 0));
        scales[i / 16] = (byte) (120 + i % 3);
      }
      tensors.put(p + "weight", new Tensor(StorageType.F8_E4M3, new long[] {rows, 16}, codes));
      tensors.put(p + "scale", new Tensor(StorageType.F8_E8M0, new long[] {rows, 1}, scales));
    }
    SafetensorsWriter.Layout layout = SafetensorsWriter.layout();
    tensors.forEach((name, t) -> layout.tensor(name, t.type(), t.shape()));
    try (SafetensorsWriter writer = layout.create(hf.resolve("model.safetensors"))) {
      tensors.forEach((name, t) -> writer.write(name, t.data()));
      writer.finish();
    }
  }

  private static GgufValue text(String value) {
    return GgufValue.text(value);
  }

  private static void put(GgufWriter.Layout l, String key, long... values) {
    l.put(key, GgufValue.wholes(GgufValueType.INT64, values));
  }

  private Path write(String arch, boolean ds4, Consumer<GgufWriter.Layout> change) {
    GgufWriter.Layout l = GgufWriter.layout().put("general.architecture", text(arch));
    String a = arch + ".";
    Object[] numbers = {
      "block_count",
      10,
      "vocab_size",
      512,
      "embedding_length",
      128,
      "context_length",
      1024,
      "expert_count",
      8,
      "expert_used_count",
      2,
      "expert_shared_count",
      1,
      "expert_feed_forward_length",
      64,
      "expert_gating_func",
      4,
      "hyper_connection.count",
      4,
      "hyper_connection.sinkhorn_iterations",
      20,
      "attention.head_count",
      4,
      "attention.key_length",
      64,
      "rope.dimension_count",
      16,
      "attention.q_lora_rank",
      64,
      "attention.output_group_count",
      2,
      "attention.output_lora_rank",
      32,
      "attention.sliding_window",
      16,
      "attention.indexer.head_count",
      8,
      "attention.indexer.key_length",
      32,
      "attention.indexer.top_k",
      8,
      "rope.scaling.original_context_length",
      65536,
      "attention.candidate_topk_blocks",
      3,
      "attention.candidate_block_size",
      4,
      "engram.pad_id",
      2
    };
    for (int i = 0; i < numbers.length; i += 2) {
      l.put(a + numbers[i], GgufValue.uint32((int) numbers[i + 1]));
    }
    l.put(a + "expert_weights_scale", GgufValue.float32(1.5f));
    l.put(a + "swiglu_clamp_exp", GgufValue.floats(1.5f));
    l.put(a + "hyper_connection.epsilon", GgufValue.float32(1e-6f));
    l.put(a + "attention.layer_norm_rms_epsilon", GgufValue.float32(1e-20f));
    l.put(a + "rope.freq_base", GgufValue.float32(10000));
    l.put(a + "attention.compress_rope_freq_base", GgufValue.float32(160000));
    l.put(a + "rope.scaling.factor", GgufValue.float32(16));
    put(l, a + "attention.compress_ratios", 0, 0, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0);
    put(l, a + "engram.layer_ids", 1, 4);
    if (map.length > 0) {
      put(l, a + "engram.token_map", java.util.Arrays.stream(map).asLongStream().toArray());
    }
    if (ds4) {
      put(l, a + "engram.rows", 6126, 6332);
      l.put(a + "engram.encoding", text("e4m3_e8m0_32_row17"));
      l.put(a + "engram.compressed_vocab_size", GgufValue.uint32(370));
      put(
          l,
          a + "engram.primes",
          1009,
          1013,
          1019,
          1021,
          1031,
          1033,
          1039,
          1049,
          1051,
          1061,
          1063,
          1069);
    } else {
      l.put(a + "engram.compressed_vocab_size", GgufValue.uint32(370));
      l.put(a + "engram.vocab_size", GgufValue.uint32(1000));
      l.put(a + "engram.head_count", GgufValue.uint32(2));
      l.put(a + "engram.key_length", GgufValue.uint32(16));
      l.put(a + "engram.max_ngram_size", GgufValue.uint32(4));
      put(l, a + "attention.kv_source_layers", 2, 4, 6);
      put(l, a + "attention.index_source_layers", 2, 4, 6, 8);
    }
    change.accept(l);
    Map<String, Tensor> out = named(ds4);
    out.forEach((name, t) -> l.tensor(name, t.type(), t.shape()));
    Path file = temp.resolve(arch + out.hashCode() + ".gguf");
    try (GgufWriter writer = l.create(file)) {
      out.forEach((name, t) -> writer.write(name, t.data()));
      writer.finish();
    }
    return file;
  }

  private Map<String, Tensor> named(boolean ds4) {
    Map<String, Tensor> out = new TreeMap<>();
    tensors.forEach(
        (name, t) -> {
          String to = name(name, ds4);
          if (to != null) {
            out.put(to, t);
          }
        });
    for (int layer = 0; layer < 10; layer++) {
      String[][] parts = {{"w1", "gate"}, {"w2", "down"}, {"w3", "up"}};
      for (String[] part : parts) {
        ByteArrayOutputStream stacked = new ByteArrayOutputStream();
        long[] shape = new long[0];
        for (int e = 0; e < 8; e++) {
          Tensor t =
              Objects.requireNonNull(
                  tensors.get("layers." + layer + ".ffn.experts." + e + "." + part[0] + ".weight"));
          stacked.writeBytes(t.data());
          shape = new long[] {8, t.shape()[0], t.shape()[1]};
        }
        out.put(
            "blk." + layer + ".ffn_" + part[1] + "_exps.weight",
            new Tensor(StorageType.BF16, shape, stacked.toByteArray()));
      }
    }
    if (ds4) {
      for (int layer : new int[] {1, 4}) {
        Tensor codes =
            Objects.requireNonNull(tensors.get("layers." + layer + ".engram.embed.weight"));
        Tensor scales =
            Objects.requireNonNull(tensors.get("layers." + layer + ".engram.embed.scale"));
        int rows = scales.data().length;
        byte[] bytes = new byte[rows * 17];
        for (int r = 0; r < rows; r++) {
          System.arraycopy(codes.data(), r * 16, bytes, r * 17, 16);
          bytes[r * 17 + 16] = scales.data()[r];
        }
        out.put(
            "blk." + layer + ".engram_embd.weight",
            new Tensor(StorageType.I8, new long[] {rows, 17}, bytes));
      }
    }
    return out;
  }

  private static @org.jspecify.annotations.Nullable String name(String name, boolean ds4) {
    switch (name) {
      case "embed.weight":
        return "token_embd.weight";
      case "head.weight":
        return "output.weight";
      case "norm.weight":
        return "output_norm.weight";
      default:
        break;
    }
    if (!name.startsWith("layers.") || name.contains(".experts.") || name.endsWith("embed.scale")) {
      return null;
    }
    int dot = name.indexOf('.', 7);
    String block = "blk." + name.substring(7, dot) + ".";
    String rest = name.substring(dot + 1);
    if (rest.startsWith("hc_")) {
      return block + rest + ".weight";
    }
    for (String[] pair : NAMES) {
      if (rest.equals(pair[0] + ".weight")) {
        return block + pair[1] + ".weight";
      }
    }
    return block
        + switch (rest) {
          case "attn.attn_sink" -> "attn_sinks.weight";
          case "ffn.gate.bias" -> "exp_probs_b.bias";
          case "ffn.gate.bias_vl" -> "exp_probs_b_vl.bias";
          case "engram.wkv.weight" -> ds4 ? "engram_kv.weight" : "engram_wkv.weight";
          case "engram.q_weight" -> ds4 ? "engram_q_norm.weight" : "engram_q.weight";
          case "engram.k_weight" -> ds4 ? "engram_k_norm.weight" : "engram_k.weight";
          default -> throw new IllegalStateException(name);
        };
  }

  /** With mapped tables and with rows that are read one by one. */
  private static void same(Path expected, Path actual) {
    float[][] a = logits(expected);
    for (long cacheBytes : new long[] {0, 4096}) {
      float[][] b = logits(actual, cacheBytes);
      for (int i = 0; i < a.length; i++) {
        assertThat(b[i]).as("row %d, cache of %d bytes", i, cacheBytes).isEqualTo(a[i]);
      }
    }
    assertThat(a[39]).isNotEqualTo(a[38]);
  }

  /** Rows of a 40-token prompt, then of a greedy continuation of 12. */
  private static float[][] logits(Path path) {
    return logits(path, 0);
  }

  private static float[][] logits(Path path, long cacheBytes) {
    int[] prompt = new int[40];
    Random random = new Random(7);
    for (int i = 1; i < prompt.length; i++) {
      prompt[i] = 3 + random.nextInt(490);
    }
    float[][] rows = new float[52][];
    try (Model model = Model.load(path, cacheBytes);
        Engine engine = new Engine(model, EngineOptions.defaults().withContext(128));
        Session session = engine.newSession()) {
      float[][] first = session.appendAll(prompt);
      System.arraycopy(first, 0, rows, 0, 40);
      for (int i = 40; i < 52; i++) {
        rows[i] = session.append(Sampler.argmax(rows[i - 1]));
      }
    }
    return rows;
  }
}
