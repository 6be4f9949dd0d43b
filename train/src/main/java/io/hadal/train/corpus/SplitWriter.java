package io.hadal.train.corpus;

import io.hadal.formats.AtomicFiles;
import io.hadal.formats.FormatException;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/** Puts pieces together to the files of a split, whole or in part. */
final class SplitWriter implements AutoCloseable {
  private static final int BUFFER = 1 << 20;

  private final Path tokenFile;
  private final Path documentFile;
  private final Path targetFile;
  private final boolean marked;
  private final boolean wide;
  private final int[] textBytes;
  private final OutputStream ids;
  private final LittleEndianFile starts;
  private final OutputStream targets;
  private long tokens;
  private long documents;
  private long bytes;

  /** How much of a part is taken, kept exact from piece to piece. */
  static final class Taking {
    private final double share;
    private double due;
    private long tokens;
    private long documents;
    private long bytes;

    /**
     * @param share of the tokens, up to 1; the samples are spread evenly
     */
    Taking(double share) {
      this.share = share;
    }

    private boolean take(int length) {
      due += share * length;
      return share >= 1 || due - tokens >= length / 2.0;
    }

    long tokens() {
      return tokens;
    }

    long documents() {
      return documents;
    }

    long bytes() {
      return bytes;
    }
  }

  /**
   * @param marked whether some tokens are not to be learnt
   */
  SplitWriter(Path folder, boolean wide, int[] textBytes, boolean marked) throws IOException {
    Files.createDirectories(folder);
    this.tokenFile = folder.resolve(EncodedCorpus.TOKENS);
    this.documentFile = folder.resolve(EncodedCorpus.DOCUMENTS);
    this.targetFile = folder.resolve(EncodedCorpus.TARGETS);
    this.wide = wide;
    this.textBytes = textBytes;
    this.marked = marked;
    Files.deleteIfExists(targetFile);
    this.ids = stream(AtomicFiles.temporary(tokenFile));
    this.starts = new LittleEndianFile(AtomicFiles.temporary(documentFile));
    this.targets =
        marked ? stream(AtomicFiles.temporary(targetFile)) : OutputStream.nullOutputStream();
  }

  private static OutputStream stream(Path file) throws IOException {
    return new BufferedOutputStream(Files.newOutputStream(file), BUFFER);
  }

  /** Appends a piece, or the samples of it that are taken. */
  void add(Piece piece, Taking taking) throws IOException {
    byte[] tokenBytes = Files.readAllBytes(piece.tokens());
    byte[] marks = piece.targets() == null ? new byte[0] : Files.readAllBytes(piece.targets());
    ByteBuffer all = ByteBuffer.wrap(tokenBytes).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer from =
        ByteBuffer.wrap(Files.readAllBytes(piece.documents())).order(ByteOrder.LITTLE_ENDIAN);
    int width = wide ? Integer.BYTES : Short.BYTES;
    if (tokenBytes.length != piece.tokenCount() * width
        || from.capacity() != piece.samples() * Long.BYTES
        || (piece.targets() != null && marks.length != piece.tokenCount())) {
      throw new FormatException(
          piece.tokens().toString(), "does not fit its marker; delete the work folder and repeat");
    }
    for (int s = 0; s < piece.samples(); s++) {
      int start = (int) from.getLong(s * Long.BYTES);
      boolean last = s + 1 == piece.samples();
      int end = (int) (last ? piece.tokenCount() : from.getLong((s + 1) * Long.BYTES));
      if (!taking.take(end - start)) {
        continue;
      }
      starts.putLong(tokens);
      ids.write(tokenBytes, start * width, (end - start) * width);
      for (int i = start; i < end; i++) {
        int id = wide ? all.getInt(i * width) : all.getShort(i * width) & 0xFFFF;
        bytes += textBytes[id];
        taking.bytes += textBytes[id];
        if (marked) {
          targets.write(piece.targets() == null ? 1 : marks[i]);
        }
      }
      tokens += end - start;
      taking.tokens += end - start;
      taking.documents++;
      documents++;
    }
  }

  long tokens() {
    return tokens;
  }

  long documents() {
    return documents;
  }

  /** Bytes of text that the tokens stand for. */
  long bytes() {
    return bytes;
  }

  Path tokenFile() {
    return tokenFile;
  }

  Path documentFile() {
    return documentFile;
  }

  /** Completes the files. */
  void publish() throws IOException {
    starts.putLong(tokens);
    close();
    AtomicFiles.publish(AtomicFiles.temporary(tokenFile), tokenFile);
    AtomicFiles.publish(AtomicFiles.temporary(documentFile), documentFile);
    if (marked) {
      AtomicFiles.publish(AtomicFiles.temporary(targetFile), targetFile);
    }
  }

  @Override
  public void close() throws IOException {
    try (ids;
        starts;
        targets) {
      ids.flush();
    }
  }
}
