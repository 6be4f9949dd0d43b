package io.hadal.engine.tiny;

import io.hadal.engine.tiny.TinyCheckpoint.Storage;
import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.kernels.StorageType;
import io.hadal.model.engram.CanonicalMap;
import io.hadal.model.engram.CanonicalRule;
import io.hadal.model.engram.CodeChannel;
import io.hadal.model.engram.CodeEngramIndex;
import io.hadal.model.engram.CodeVocabulary;
import io.hadal.model.engram.EngramShape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/** A tiny checkpoint of Hadal's own type: a V4.1 one with more choices. */
final class HadalCheckpoint {
  static final int VOCAB = 300;
  static final int FIM_END = 2;
  static final Map<CodeChannel, Integer> CHANNELS =
      Map.of(
          CodeChannel.S3, 60,
          CodeChannel.S4, 70,
          CodeChannel.I, 20,
          CodeChannel.B, 40,
          CodeChannel.A, 50);

  final V41Config base;
  final Map<String, Object> config = new LinkedHashMap<>();
  final Map<String, Stored> tensors;
  final Tokenizer tokenizer =
      Tokenizer.fromJson(
          TinyTokenizer.json(VOCAB).getBytes(StandardCharsets.UTF_8), "tokenizer.json");
  private final SplittableRandom random;

  HadalCheckpoint(long seed, Storage storage, int streams) {
    this(seed, storage, streams, c -> {});
  }

  HadalCheckpoint(long seed, Storage storage, int streams, Consumer<V41Config> changes) {
    TinyCheckpoint checkpoint =
        TinyCheckpoint.ofV41(
            seed,
            storage,
            c -> {
              c.streams = streams;
              c.drafters = 0;
              c.vocab = VOCAB;
              changes.accept(c);
            });
    base = (V41Config) checkpoint.config();
    random = new SplittableRandom(seed);
    tensors = new LinkedHashMap<>(checkpoint.released());
    Map<String, Object> nested = base.json();
    nested.forEach(config::put);
    Map<?, ?> text = (Map<?, ?>) Objects.requireNonNull(config.remove("text_config"));
    text.forEach((key, value) -> config.put((String) key, value));
    config.remove("architectures");
    config.put("model_type", "hadal");
  }

  /** Structural channels in place of the released tables; with or without gates. */
  HadalCheckpoint structural(boolean gated) {
    int[] layers = base.engramLayers;
    int rowValues = (base.engramOrder - 1 + CHANNELS.size()) * base.engramHeads * base.engramDim;
    config.remove("engram_num_embeddings");
    config.remove("engram_compressed_vocab_size");
    config.put("engram_canonical_map", "structure_kept");
    config.put("engram_gate", gated ? "signed_sqrt" : "none");
    Map<String, Integer> sizes = new LinkedHashMap<>();
    CHANNELS.forEach((channel, size) -> sizes.put(channel.name(), size));
    config.put("engram_channels", sizes);
    List<CodeEngramIndex> indexes = indexes();
    for (int i = 0; i < layers.length; i++) {
      String p = "layers." + layers[i] + ".engram.";
      tensors.keySet().removeIf(name -> name.startsWith(p));
      int rows = indexes.get(i).rowCount();
      float[] table = random(rows * base.engramDim, 1);
      Arrays.fill(table, (rows - 1) * base.engramDim, table.length, 0);
      put(p + "embed.weight", table, rows, base.engramDim);
      int outputs = ((gated ? base.streams : 0) + 1) * base.hidden;
      put(p + "wkv.weight", random(outputs * rowValues, 0.2f), outputs, rowValues);
      if (gated) {
        put(p + "q_weight", random(base.streams * base.hidden, 1), base.streams, base.hidden);
        put(p + "k_weight", random(base.streams * base.hidden, 1), base.streams, base.hidden);
      }
    }
    return this;
  }

  HadalCheckpoint convolution() {
    config.put("engram_convolution", true);
    config.put("engram_projection_bias", true);
    config.put("engram_norm_eps", 1.19e-7);
    int channels = base.streams * base.hidden;
    for (int layer : base.engramLayers) {
      String p = "layers." + layer + ".engram.";
      put(p + "conv.weight", random(channels * 4, 0.5f), channels, 4);
      put(p + "conv_norm.weight", random(channels, 1), base.streams, base.hidden);
      Stored wkv = stored(p + "wkv.weight");
      int outputs = (int) wkv.shape()[0];
      put(p + "wkv.bias", random(outputs, 0.5f), outputs);
    }
    return this;
  }

  HadalCheckpoint hashLayers(int count) {
    config.put("num_hash_layers", count);
    for (int i = 0; i < count; i++) {
      String p = "layers." + i + ".ffn.gate.";
      tensors.remove(p + "bias");
      tensors.put(
          p + "tid2eid", new Stored(StorageType.I32, new long[] {VOCAB, base.active}, experts()));
    }
    return this;
  }

  private int[] experts() {
    int[] table = new int[VOCAB * base.active];
    for (int id = 0; id < VOCAB; id++) {
      int first = random.nextInt(base.experts);
      for (int k = 0; k < base.active; k++) {
        table[id * base.active + k] = (first + k) % base.experts;
      }
    }
    return table;
  }

  HadalCheckpoint completionHead(int rank) {
    config.put("completion_head_rank", rank);
    config.put("completion_head_token_id", FIM_END);
    put("completion_head.down.weight", random(rank * base.hidden, 0.3f), rank, base.hidden);
    put("completion_head.up.weight", random(VOCAB * rank, 0.3f), VOCAB, rank);
    return this;
  }

  /** Row indexes as the model shall compute them. */
  List<CodeEngramIndex> indexes() {
    CanonicalMap map = CanonicalMap.of(tokenizer, VOCAB, CanonicalRule.STRUCTURE_KEPT, "test");
    EngramShape shape =
        EngramShape.uniform(
            Arrays.stream(base.engramLayers).boxed().toList(),
            base.engramOrder,
            base.engramHeads,
            base.engramVocab,
            map.size());
    CodeVocabulary vocabulary = new CodeVocabulary(tokenizer, VOCAB, "test");
    return CodeEngramIndex.of(shape, CHANNELS, vocabulary, map.canonical(base.engramPad), "test");
  }

  void put(String name, float[] values, long... shape) {
    tensors.put(name, new Stored(StorageType.F32, shape, values));
  }

  float[] floats(String name) {
    return (float[]) stored(name).data();
  }

  Stored stored(String name) {
    return Objects.requireNonNull(tensors.get(name), name);
  }

  private float[] random(int count, float scale) {
    float[] out = new float[count];
    for (int i = 0; i < count; i++) {
      out[i] = scale * (float) random.nextGaussian();
    }
    return out;
  }

  Path write(Path folder) {
    TinyCheckpoint.write(folder, config, tensors);
    try {
      Files.writeString(folder.resolve("tokenizer.json"), TinyTokenizer.json(VOCAB));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return folder;
  }

  /** Tokens of a made-up program text, so that brackets, lines and blocks come and go. */
  int[] program(long seed, int count) {
    String[] pieces = {
      "if (", "x", ") {\n", "  ", "}\n", "f(", "a, ", "b)", ";\n", "\t", "\"s\"", "// c\n", "[",
      "]", "for ", "12", " = ", "/* ", "*/ ", "\n", "while", "é"
    };
    SplittableRandom r = new SplittableRandom(seed);
    StringBuilder text = new StringBuilder();
    int[] ids = new int[0];
    while (ids.length < count) {
      text.append(pieces[r.nextInt(pieces.length)]);
      ids = tokenizer.encode(text, false);
    }
    return Arrays.copyOf(ids, count);
  }
}
