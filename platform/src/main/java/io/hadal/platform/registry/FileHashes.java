package io.hadal.platform.registry;

import io.hadal.formats.FormatException;
import io.hadal.formats.Sha256;
import io.hadal.platform.db.Database;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * SHA-256 of large files. A file that has kept its size and time of change since the last time is
 * not read again.
 */
public final class FileHashes {
  private static final int BLOCK = 4 << 20;

  private final Database database;

  public FileHashes(Database database) {
    this.database = database;
  }

  /**
   * The hash of a file, hexadecimal.
   *
   * @param progress told the bytes of each block that is done
   * @throws FormatException when it cannot be read, or changes meanwhile
   */
  public String sha256(Path file, LongConsumer progress) {
    try {
      Path real = file.toRealPath();
      String path = real.toString();
      long bytes = Files.size(real);
      long modified = Files.getLastModifiedTime(real).toMillis();
      Optional<String> known = find(path, bytes, modified);
      if (known.isPresent()) {
        progress.accept(bytes);
        return known.get();
      }
      String hash = read(real, progress);
      if (Files.size(real) != bytes || Files.getLastModifiedTime(real).toMillis() != modified) {
        throw new FormatException(path, "has changed while it was read; try again");
      }
      database.run(
          h ->
              h.createUpdate(
                      "INSERT INTO file_hash VALUES (:path, :bytes, :modified, :hash) ON CONFLICT"
                          + " (path) DO UPDATE SET bytes = excluded.bytes, modified ="
                          + " excluded.modified, sha256 = excluded.sha256")
                  .bind("path", path)
                  .bind("bytes", bytes)
                  .bind("modified", modified)
                  .bind("hash", hash)
                  .execute());
      return hash;
    } catch (IOException e) {
      throw new FormatException(file.toString(), "cannot be read: " + e, e);
    }
  }

  /**
   * The hash of a file that was hashed as it is now; empty for others.
   *
   * @throws IOException when it cannot be read
   */
  Optional<String> known(Path file) throws IOException {
    Path real = file.toRealPath();
    return find(real.toString(), Files.size(real), Files.getLastModifiedTime(real).toMillis());
  }

  private Optional<String> find(String path, long bytes, long modified) {
    return database.read(
        h ->
            h.createQuery(
                    "SELECT sha256 FROM file_hash WHERE path = :path AND bytes = :bytes AND"
                        + " modified = :modified")
                .bind("path", path)
                .bind("bytes", bytes)
                .bind("modified", modified)
                .mapTo(String.class)
                .findOne());
  }

  private static String read(Path file, LongConsumer progress) throws IOException {
    MessageDigest digest = Sha256.digest();
    byte[] block = new byte[BLOCK];
    try (InputStream in = Files.newInputStream(file)) {
      for (int n = in.read(block); n >= 0; n = in.read(block)) {
        digest.update(block, 0, n);
        progress.accept(n);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
