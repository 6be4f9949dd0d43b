package io.hadal.platform.audit;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.platform.db.Database;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jdbi.v3.core.Handle;
import tools.jackson.databind.JsonNode;

/**
 * Signs how far chains have come: when 1000 events or five minutes have passed since the last
 * signature. Checkpoints are kept in the database and appended to a file, which proves that the
 * database has lost its tail; keep copies of the file elsewhere.
 */
public final class Checkpoints {
  static final long EVENTS = 1000;
  static final Duration AGE = Duration.ofMinutes(5);

  /** Longest line of the file, bytes. */
  private static final int MAX_LINE = 4096;

  private final Database database;
  private final SigningKey key;
  private final Path file;
  private final Clock clock;

  /**
   * Checkpoints of a database.
   *
   * @param file receives a line for each checkpoint
   */
  public Checkpoints(Database database, SigningKey key, Path file, Clock clock) {
    this.database = database;
    this.key = key;
    this.file = file;
    this.clock = clock;
  }

  /** Where the lines are. */
  public Path file() {
    return file;
  }

  /** The key that signs. */
  public SigningKey key() {
    return key;
  }

  /**
   * Signs the chains whose turn has come.
   *
   * @return how many
   */
  public int signDue() {
    long now = clock.millis();
    return sign(EVENTS, now - AGE.toMillis());
  }

  /**
   * Signs all chains that have new events, as before an export or at the end of the process.
   *
   * @return how many
   */
  public int signAll() {
    return sign(1, Long.MAX_VALUE);
  }

  private int sign(long events, long signedBefore) {
    List<String> due =
        database.read(
            handle ->
                handle
                    .createQuery(
                        "SELECT chain FROM audit_chain WHERE seq > signed_seq"
                            + " AND (seq - signed_seq >= ? OR signed_at <= ?) ORDER BY chain")
                    .bind(0, events)
                    .bind(1, signedBefore)
                    .mapTo(String.class)
                    .list());
    int signed = 0;
    for (String chain : due) {
      signed += database.write(handle -> sign(handle, chain));
    }
    return signed;
  }

  private int sign(Handle handle, String chain) {
    long now = clock.millis();
    // The row is locked, so the head below is one of a finished transaction.
    return handle
        .createQuery(
            "UPDATE audit_chain SET signed_seq = seq, signed_at = ? WHERE chain = ?"
                + " AND seq > signed_seq RETURNING seq, hash")
        .bind(0, now)
        .bind(1, chain)
        .map(
            (row, _) -> Checkpoint.sign(key, chain, row.getLong("seq"), row.getString("hash"), now))
        .findOne()
        .map(checkpoint -> keep(handle, checkpoint))
        .orElse(0);
  }

  private int keep(Handle handle, Checkpoint checkpoint) {
    handle.execute(
        "INSERT INTO audit_checkpoint (chain, seq, hash, ts, key_id, signature)"
            + " VALUES (?, ?, ?, ?, ?, ?)",
        checkpoint.chain(),
        checkpoint.seq(),
        checkpoint.hash(),
        checkpoint.ts(),
        checkpoint.keyId(),
        checkpoint.signature());
    try {
      append(checkpoint.line());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return 1;
  }

  /** Appends a line, durably; what a crash left of a line before it goes. */
  private synchronized void append(String line) throws IOException {
    try (FileChannel out = OwnerFile.append(file)) {
      long end = out.size();
      ByteBuffer one = ByteBuffer.allocate(1);
      while (end > 0) {
        one.clear();
        if (out.read(one, end - 1) == 1 && one.get(0) == '\n') {
          break;
        }
        end--;
      }
      if (end < out.size()) {
        out.truncate(end);
      }
      ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        end += out.write(bytes, end);
      }
      out.force(true);
    }
  }

  /** Checkpoints of the database, of one chain after the other. */
  static List<Checkpoint> stored(Handle handle) {
    return handle
        .createQuery(
            "SELECT chain, seq, hash, ts, key_id, signature FROM audit_checkpoint"
                + " ORDER BY chain, seq")
        .map(
            (row, _) ->
                new Checkpoint(
                    row.getString("chain"),
                    row.getLong("seq"),
                    row.getString("hash"),
                    row.getLong("ts"),
                    row.getString("key_id"),
                    row.getString("signature")))
        .list();
  }

  /**
   * Checkpoints of a file. The beginning of a line that a crash left at the end is no checkpoint.
   *
   * @throws FormatException for a line that is none
   */
  static List<Checkpoint> read(Path file) throws IOException {
    List<Checkpoint> checkpoints = new ArrayList<>();
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
      BoundedLines lines = new BoundedLines(in, file.toString(), MAX_LINE);
      for (String line = lines.next(); line != null; line = lines.next()) {
        if (!lines.ended()) {
          break;
        }
        JsonNode node = Json.parse(line.getBytes(StandardCharsets.UTF_8), lines.source());
        checkpoints.add(Checkpoint.read(node, lines.source()));
      }
    }
    return checkpoints;
  }
}
