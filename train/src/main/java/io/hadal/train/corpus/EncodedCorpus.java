package io.hadal.train.corpus;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import tools.jackson.databind.JsonNode;

/** Tokens that {@code hadal corpus encode} has written. */
public final class EncodedCorpus {
  static final String FORMAT = "hadal-tokens-1";
  static final String META = "meta.json";
  static final String TOKENS = "tokens.bin";
  static final String DOCUMENTS = "documents.bin";
  static final String TARGETS = "targets.bin";
  static final String TOKEN_BYTES = "token_bytes.bin";
  private static final long MAX_META = 1 << 20;
  private static final int MAX_VOCABULARY = 1 << 21;

  private final Path folder;
  private final JsonNode meta;
  private final int vocabularySize;
  private final short[] tokenBytes;

  private EncodedCorpus(Path folder, JsonNode meta, int vocabularySize, short[] tokenBytes) {
    this.folder = folder;
    this.meta = meta;
    this.vocabularySize = vocabularySize;
    this.tokenBytes = tokenBytes;
  }

  /**
   * Opens a finished folder.
   *
   * @throws FormatException if a file is broken or does not fit the others
   */
  public static EncodedCorpus open(Path folder) throws IOException {
    Path file = folder.resolve(META);
    if (!Files.exists(file)) {
      throw new NoSuchFileException(file.toString());
    }
    JsonNode meta = Json.parse(file, MAX_META);
    if (!meta.path("format").asString("").equals(FORMAT)) {
      throw new FormatException(file.toString(), "format is not " + FORMAT);
    }
    int vocabulary = meta.path("vocab_size").asInt(0);
    if (vocabulary < 1 || vocabulary > MAX_VOCABULARY) {
      throw new FormatException(file.toString(), "vocab_size = " + meta.path("vocab_size"));
    }
    Path table = folder.resolve(TOKEN_BYTES);
    if (Files.size(table) != 2L * vocabulary) {
      throw new FormatException(
          table.toString(), "has " + Files.size(table) + " bytes, not 2 for each of " + vocabulary);
    }
    short[] bytes = new short[vocabulary];
    ByteBuffer.wrap(Files.readAllBytes(table))
        .order(ByteOrder.LITTLE_ENDIAN)
        .asShortBuffer()
        .get(bytes);
    return new EncodedCorpus(folder, meta, vocabulary, bytes);
  }

  /** What {@code meta.json} says, checksums of the splits included: equal for equal tokens. */
  public String identity() {
    return meta.toString();
  }

  /** Number of ids of the tokenizer. */
  public int vocabularySize() {
    return vocabularySize;
  }

  /** The tokenizer of the ids. */
  public Path tokenizerJson() {
    return folder.resolve("tokenizer.json");
  }

  /** Beginning of sequence: the first token of every sample. */
  public int bos() {
    return id("bos_id");
  }

  /** End of sequence: the last token of every sample. */
  public int eos() {
    return id("eos_id");
  }

  private int id(String name) {
    int id = meta.path(name).asInt(-1);
    if (id < 0 || id >= vocabularySize) {
      throw new FormatException(
          folder.resolve(META).toString(), name + " = " + meta.path(name) + " is no token");
    }
    return id;
  }

  /** Bytes of text a token stands for; 0 for added tokens. */
  public int tokenBytes(int id) {
    return tokenBytes[id] & 0xFFFF;
  }

  /** Opens the tokens of a split. */
  public EncodedSplit split(Split split) throws IOException {
    String source = folder.resolve(META).toString();
    JsonNode node = meta.path("splits").path(split.folder());
    String dtype = meta.path("dtype").asString("");
    if (!dtype.equals("u16") && !dtype.equals("u32")) {
      throw new FormatException(source, "dtype '" + dtype + "' is neither u16 nor u32");
    }
    for (String name : new String[] {"tokens", "documents", "text_bytes"}) {
      JsonNode value = node.path(name);
      if (!value.isIntegralNumber() || value.asLong(-1) < 0) {
        throw new FormatException(
            source, "splits." + split.folder() + "." + name + " is no number of things");
      }
    }
    return new EncodedSplit(
        folder.resolve(split.folder()),
        dtype.equals("u32") ? Integer.BYTES : Short.BYTES,
        vocabularySize,
        node.path("tokens").asLong(0),
        node.path("documents").asLong(0),
        node.path("text_bytes").asLong(0));
  }
}
