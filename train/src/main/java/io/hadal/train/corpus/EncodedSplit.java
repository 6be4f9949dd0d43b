package io.hadal.train.corpus;

import io.hadal.formats.FormatException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The tokens of a split, memory-mapped. Thread-safe until it is closed. */
public final class EncodedSplit implements AutoCloseable {
  private static final ValueLayout.OfShort U16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong I64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Arena arena = Arena.ofShared();
  private final Path folder;
  private final int width;
  private final int vocabularySize;
  private final long tokens;
  private final long documents;
  private final long textBytes;
  private final MemorySegment ids;
  private final MemorySegment starts;
  // A byte per token, 0 for no target; null when all are targets.
  private final @Nullable MemorySegment targets;

  EncodedSplit(
      Path folder, int width, int vocabularySize, long tokens, long documents, long textBytes)
      throws IOException {
    this.folder = folder;
    this.width = width;
    this.vocabularySize = vocabularySize;
    this.tokens = tokens;
    this.documents = documents;
    this.textBytes = textBytes;
    boolean opened = false;
    try {
      this.ids = map(EncodedCorpus.TOKENS, tokens, width);
      this.starts = map(EncodedCorpus.DOCUMENTS, documents + 1, Long.BYTES);
      this.targets =
          Files.exists(folder.resolve(EncodedCorpus.TARGETS))
              ? map(EncodedCorpus.TARGETS, tokens, 1)
              : null;
      opened = true;
    } finally {
      if (!opened) {
        arena.close();
      }
    }
  }

  private MemorySegment map(String name, long count, int size) throws IOException {
    Path file = folder.resolve(name);
    try (FileChannel channel = FileChannel.open(file)) {
      // Divided rather than multiplied: the count comes from a file and may be anything.
      if (channel.size() % size != 0 || channel.size() / size != count) {
        throw new FormatException(
            file.toString(),
            "has "
                + channel.size()
                + " bytes, but meta.json says "
                + count
                + " entries of "
                + size
                + "; encode the corpus again");
      }
      return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
    }
  }

  /** Number of tokens. */
  public long tokens() {
    return tokens;
  }

  /** Number of samples, each from BOS to EOS. */
  public long documents() {
    return documents;
  }

  /** Bytes of text that the tokens stand for. */
  public long textBytes() {
    return textBytes;
  }

  /**
   * Index of a sample's first token; that of {@code documents()} is the number of tokens.
   *
   * @throws FormatException if the file holds an impossible number
   */
  public long documentStart(long document) {
    Objects.checkIndex(document, documents + 1);
    long start = starts.get(I64, document * Long.BYTES);
    if (start < 0 || start > tokens) {
      throw new FormatException(
          folder.resolve(EncodedCorpus.DOCUMENTS).toString(),
          "document " + document + " starts at " + start + " of " + tokens + " tokens");
    }
    return start;
  }

  /**
   * Copies tokens {@code [from, from + count)} to {@code into[offset…]}.
   *
   * @throws FormatException if the file holds an id outside the vocabulary
   */
  public void read(long from, int[] into, int offset, int count) {
    Objects.checkFromIndexSize(from, count, tokens);
    Objects.checkFromIndexSize(offset, count, into.length);
    for (int i = 0; i < count; i++) {
      long at = (from + i) * width;
      int id = width == Short.BYTES ? ids.get(U16, at) & 0xFFFF : ids.get(U32, at);
      if (id < 0 || id >= vocabularySize) {
        throw new FormatException(
            folder.resolve(EncodedCorpus.TOKENS).toString(),
            "token " + (from + i) + " is " + id + ", outside the vocabulary");
      }
      into[offset + i] = id;
    }
  }

  /**
   * As {@link #read}, with -1 for tokens that are not to be predicted.
   *
   * @throws FormatException if the file holds an id outside the vocabulary
   */
  public void readTargets(long from, int[] into, int offset, int count) {
    read(from, into, offset, count);
    for (int i = 0; targets != null && i < count; i++) {
      if (targets.get(ValueLayout.JAVA_BYTE, from + i) == 0) {
        into[offset + i] = -1;
      }
    }
  }

  @Override
  public void close() {
    arena.close();
  }
}
