package io.hadal.model.config;

import io.hadal.formats.FormatException;
import io.hadal.formats.weights.Gguf;
import io.hadal.formats.weights.GgufTensorInfo;
import io.hadal.kernels.StorageType;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * {@code engram.*} metadata in both dialects (engram spec 9). Sizes that a dialect leaves out
 * follow from its constants and tensors, else they are the released ones.
 */
final class EngramGgufConfig {
  /** Smallest table size of the released model. */
  private static final int RELEASED_VOCABULARY = 16_000_000;

  private static final Pattern BYTE_ROWS =
      Pattern.compile("(e4m3_e8m0_32|q4_k)_row([1-9][0-9]{0,6})");

  private final GgufFields f;
  private final Gguf gguf;
  private final String source;

  EngramGgufConfig(GgufFields fields, Gguf gguf, String source) {
    this.f = fields;
    this.gguf = gguf;
    this.source = source;
  }

  /** The configuration, or null for a model without the memory. */
  @Nullable EngramConfig read(float normEps) {
    List<Integer> layers = f.numbersOrNull("engram.layer_ids");
    if (layers == null || layers.isEmpty()) {
      return null;
    }
    List<Long> multipliers = f.longs("engram.multipliers");
    List<Integer> primes = f.numbersOrNull("engram.primes");
    primes = primes == null ? List.of() : primes;
    int maxOrder =
        f.positiveOr(
            multipliers.isEmpty() ? 4 : perLayer("multipliers", multipliers, layers),
            "engram.max_ngram_size");
    int orders = Math.max(1, maxOrder - 1);
    int heads =
        f.positiveOr(
            primes.isEmpty() ? 8 : perLayer("primes", primes, layers) / orders,
            "engram.head_count");
    requireCount("multipliers", multipliers, (long) layers.size() * maxOrder);
    requireCount("primes", primes, (long) layers.size() * orders * heads);
    requireOffsets(primes, orders * heads);
    List<Long> rows = f.longs("engram.rows");
    if (rows.isEmpty()) {
      rows = layers.stream().map(layer -> table(layer).shape().getFirst()).toList();
    }
    int headDim = f.positiveOr(rowWidth(table(layers.getFirst())), "engram.key_length");
    for (int layer : layers) {
      requireEncoding(table(layer), headDim);
    }
    return EngramConfig.released(
        layers,
        rows,
        maxOrder,
        f.positiveOr(
            primes.isEmpty() ? RELEASED_VOCABULARY : primes.getFirst(), "engram.vocab_size"),
        heads,
        headDim,
        f.numberOr(2, "engram.pad_id"),
        f.positiveOr(mapSize(), "engram.compressed_vocab_size"),
        multipliers,
        primes,
        normEps);
  }

  private int perLayer(String key, List<?> values, List<Integer> layers) {
    if (values.size() % layers.size() != 0) {
      throw f.error(
          "engram." + key, "has " + values.size() + " entries for " + layers.size() + " layers");
    }
    return values.size() / layers.size();
  }

  private void requireCount(String key, List<?> values, long wanted) {
    if (!values.isEmpty() && values.size() != wanted) {
      throw f.error("engram." + key, "has " + values.size() + " entries, expected " + wanted);
    }
  }

  /** Tables of a layer lie one behind the other; no other arrangement is known. */
  private void requireOffsets(List<Integer> primes, int columns) {
    List<Long> offsets = f.longs("engram.offsets");
    if (offsets.isEmpty() || primes.isEmpty()) {
      return;
    }
    requireCount("offsets", offsets, primes.size());
    long next = 0;
    for (int i = 0; i < primes.size(); i++) {
      next = i % columns == 0 ? 0 : next;
      if (offsets.get(i) != next) {
        throw f.error(
            "engram.offsets",
            "holds " + offsets.get(i) + " at " + i + ", the table sizes give " + next);
      }
      next += primes.get(i);
    }
  }

  private int mapSize() {
    int size = 0;
    for (int id : f.numbers("engram.token_map")) {
      size = Math.max(size, id == Integer.MAX_VALUE ? id : id + 1);
    }
    return size;
  }

  private GgufTensorInfo table(int layer) {
    String name = "blk." + layer + ".engram_embd.weight";
    for (GgufTensorInfo info : gguf.infos()) {
      if (info.name().equals(name)) {
        if (info.shape().size() != 2) {
          throw new FormatException(
              source,
              "Engram table " + name + " has shape " + info.shape() + ", expected a matrix");
        }
        return info;
      }
    }
    throw new FormatException(source, "tensor " + name + " is missing");
  }

  private static boolean isBytes(GgufTensorInfo table) {
    return table.storage() == StorageType.I8 || table.storage() == StorageType.U8;
  }

  /** Values in a row; rows of bytes hold codes and one scale per 32 of them, or Q4_K blocks. */
  private int rowWidth(GgufTensorInfo table) {
    long stored = table.shape().getLast();
    if (stored < 1 || stored > 1 << 20) {
      throw new FormatException(
          source, "Engram table " + table.name() + " has rows of " + stored + " elements");
    }
    int width = (int) stored;
    if (!isBytes(table)) {
      return width;
    }
    String encoding = f.textOrNull("engram.encoding");
    return encoding != null && encoding.startsWith("q4_k")
        ? width / StorageType.Q4_K.blockBytes() * StorageType.Q4_K.blockElements()
        : width - (width + 32) / 33;
  }

  private void requireEncoding(GgufTensorInfo table, int headDim) {
    String encoding = f.textOrNull("engram.encoding");
    if (encoding == null) {
      return;
    }
    StorageType stored = table.storage();
    Matcher rows = BYTE_ROWS.matcher(encoding);
    boolean bytes = rows.matches();
    if (!bytes && !isPlain(encoding)) {
      throw f.error(
          "engram.encoding",
          "is "
              + encoding
              + ", which cannot be decoded; supported: e4m3_e8m0_32_row264, q4_k_row144 and the"
              + " plain types that weights may have (q8_0, q4_k, mxfp4, bf16, f16, f32, ...)");
    }
    if (!bytes) {
      if (stored == null || !stored.name().equalsIgnoreCase(encoding)) {
        throw f.error(
            "engram.encoding", "is " + encoding + ", but " + table.name() + " is " + stored);
      }
      return;
    }
    boolean quantised = rows.group(1).equals("q4_k");
    long named = Long.parseLong(rows.group(2));
    long needed =
        quantised
            ? (long) headDim / StorageType.Q4_K.blockElements() * StorageType.Q4_K.blockBytes()
            : headDim + (headDim + 31L) / 32;
    boolean typeFits = isBytes(table) || (quantised && stored == StorageType.Q4_K);
    long width = isBytes(table) ? table.shape().getLast() : needed;
    if (!typeFits || named != needed || width != needed) {
      throw f.error(
          "engram.encoding",
          "is "
              + encoding
              + ", but "
              + table.name()
              + " is "
              + stored
              + " "
              + table.shape()
              + " for rows of "
              + headDim
              + " values");
    }
  }

  private static boolean isPlain(String encoding) {
    for (StorageType type : StorageType.values()) {
      if (type.isMatrixWeight()
          && type != StorageType.F8_E4M3
          && type != StorageType.FP4_E2M1
          && type.name().equalsIgnoreCase(encoding)) {
        return true;
      }
    }
    return false;
  }
}
