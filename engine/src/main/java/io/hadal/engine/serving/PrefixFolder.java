package io.hadal.engine.serving;

import io.hadal.engine.Engine;
import io.hadal.engine.Session;
import io.hadal.formats.AtomicFiles;
import io.hadal.formats.FormatException;
import io.hadal.formats.Sha256;
import io.hadal.model.cache.KvBudgetException;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * Files of retained states, one each: a checked header with model, key and tokens, and a checked
 * snapshot. A file appears complete or not at all; damaged ones are deleted when they are noticed.
 * Keys are stored as hashes, tokens as they are, so files can be read by their owner only.
 */
final class PrefixFolder {
  private static final System.Logger LOG = System.getLogger("hadal.engine");
  private static final long MAGIC = 0x4844_4c50_5246_3031L; // HDLPRF01
  private static final String SUFFIX = ".prefix";
  private static final String PART = ".part";
  private static final int HASH = 32;

  private final Path folder;
  private final Engine engine;
  private final byte[] model;

  /** Nothing could be written at last; of the thread that writes. */
  private boolean failing;

  /**
   * A file.
   *
   * @param key hash of the key, in hex; empty for a file of another model
   * @param usedMillis when it was written
   */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  record Stored(Path file, long bytes, String key, int[] tokens, long usedMillis) {}

  /**
   * Uses a folder, which is made when it is missing.
   *
   * @throws FormatException when it cannot be used
   */
  PrefixFolder(Path folder, Engine engine) {
    this.folder = folder;
    this.engine = engine;
    this.model = HexFormat.of().parseHex(engine.model().fingerprint());
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new FormatException(folder.toString(), "cannot be used for prefixes: " + e, e);
    }
  }

  /** Files that are there, the oldest first; what a killed process left unfinished goes. */
  List<Stored> list() {
    record Dated(Stored stored, FileTime time) {}
    List<Dated> found = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        String name = file.getFileName().toString();
        if (name.endsWith(SUFFIX + PART)) {
          delete(file);
        } else if (name.endsWith(SUFFIX)) {
          try {
            found.add(new Dated(header(file), Files.getLastModifiedTime(file)));
          } catch (FormatException e) {
            damaged(file, e);
          }
        }
      }
    } catch (IOException e) {
      throw new FormatException(folder.toString(), "cannot be used for prefixes: " + e, e);
    }
    found.sort(Comparator.comparing(Dated::time).thenComparing(d -> d.stored.file));
    return found.stream().map(Dated::stored).toList();
  }

  private Stored header(Path file) throws IOException {
    try (InputStream from = new BufferedInputStream(Files.newInputStream(file))) {
      return header(file, from);
    }
  }

  private Stored header(Path file, InputStream from) throws IOException {
    String source = file.toString();
    long size = Files.size(file);
    CheckedInputStream raw = new CheckedInputStream(from, new CRC32C());
    DataInputStream in = new DataInputStream(raw);
    try {
      if (in.readLong() != MAGIC) {
        throw new FormatException(source, "is no retained prefix");
      }
      byte[] owner = in.readNBytes(HASH);
      byte[] key = in.readNBytes(HASH);
      int count = in.readInt();
      if (count < 1 || 4L * count > size) {
        throw new FormatException(source, "holds " + count + " tokens");
      }
      int[] tokens = new int[count];
      for (int i = 0; i < count; i++) {
        tokens[i] = in.readInt();
      }
      long sum = raw.getChecksum().getValue();
      if (new DataInputStream(from).readLong() != sum) {
        throw new FormatException(source, "is damaged: checksum differs");
      }
      boolean own = Arrays.equals(owner, model);
      return own
          ? new Stored(file, size, HexFormat.of().formatHex(key), tokens, written(file))
          : new Stored(file, size, "", new int[0], written(file));
    } catch (EOFException e) {
      throw new FormatException(source, "ends too early", e);
    }
  }

  private static long written(Path file) throws IOException {
    return Files.getLastModifiedTime(file).toMillis();
  }

  private static byte[] bytes(int[] tokens) {
    ByteBuffer buffer = ByteBuffer.allocate(4 * tokens.length);
    buffer.asIntBuffer().put(tokens);
    return buffer.array();
  }

  /**
   * Writes a state.
   *
   * @param key hash of the key, in hex
   * @return null when it could not be written, which the log says once until it works again
   */
  @Nullable Stored write(String key, Session session) {
    int[] tokens = session.tokens();
    String name =
        Sha256.hex(key.getBytes(StandardCharsets.UTF_8), bytes(tokens), model).substring(0, 40);
    Path target = folder.resolve(name + SUFFIX);
    Path part = folder.resolve(name + SUFFIX + PART);
    try {
      try (OutputStream to = new BufferedOutputStream(Files.newOutputStream(part), 1 << 16)) {
        restrict(part);
        CheckedOutputStream raw = new CheckedOutputStream(to, new CRC32C());
        DataOutputStream out = new DataOutputStream(raw);
        out.writeLong(MAGIC);
        out.write(model);
        out.write(HexFormat.of().parseHex(key));
        out.writeInt(tokens.length);
        for (int token : tokens) {
          out.writeInt(token);
        }
        out.flush();
        new DataOutputStream(to).writeLong(raw.getChecksum().getValue());
        session.snapshot(to);
      }
      // Not forced: after a crash the checksum tells what is whole.
      AtomicFiles.replace(part, target);
      failing = false;
      return new Stored(target, Files.size(target), key, tokens, written(target));
    } catch (IOException e) {
      // A full disk fails for every state; saying so once is enough.
      if (!failing) {
        failing = true;
        LOG.log(
            System.Logger.Level.WARNING,
            "prefixes cannot be written to " + folder + ", they stay in memory only: " + e);
      }
      discard(part);
      return null;
    }
  }

  private static void discard(Path part) {
    try {
      Files.deleteIfExists(part);
    } catch (IOException e) {
      // It is deleted at the next start.
      return;
    }
  }

  private static void restrict(Path file) throws IOException {
    PosixFileAttributeView view = Files.getFileAttributeView(file, PosixFileAttributeView.class);
    if (view != null) {
      view.setPermissions(PosixFilePermissions.fromString("rw-------"));
    }
  }

  /**
   * Reads a state.
   *
   * @return null when the file was damaged, and is deleted now
   * @throws KvBudgetException when there is no room for it
   */
  @Nullable Session read(Stored stored) {
    Path file = stored.file;
    Session session = engine.newSession();
    boolean ok = false;
    try (InputStream from = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
      Stored header = header(file, from);
      session.restore(from, file.toString(), header.bytes);
      if (!Arrays.equals(session.tokens(), stored.tokens) || !header.key.equals(stored.key)) {
        throw new FormatException(file.toString(), "holds another state than it did");
      }
      touch(file);
      ok = true;
      return session;
    } catch (IOException | FormatException e) {
      damaged(file, e);
      return null;
    } finally {
      if (!ok) {
        session.close();
      }
    }
  }

  /** Marks a file as used now. */
  private static void touch(Path file) throws IOException {
    Files.setLastModifiedTime(file, FileTime.fromMillis(System.currentTimeMillis()));
  }

  private static void damaged(Path file, Exception cause) {
    LOG.log(System.Logger.Level.WARNING, "a retained prefix is dropped: " + cause.getMessage());
    delete(file);
  }

  static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "a retained prefix cannot be deleted", e);
    }
  }
}
