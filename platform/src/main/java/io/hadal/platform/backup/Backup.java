package io.hadal.platform.backup;

import io.hadal.formats.AtomicFiles;
import io.hadal.formats.FormatException;
import io.hadal.formats.OwnerOnly;
import io.hadal.platform.DataFolder;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A copy of a data folder: database, journal, keys. It may be made while a server uses the folder.
 * The journal is copied before the database, so that whatever leaves the journal meanwhile is in
 * the database; what is in both is stored once.
 */
public final class Backup {
  private static final String DATABASE = "hadal.db";
  private static final String JOURNAL = "journal";

  private Backup() {}

  /**
   * Copies a folder.
   *
   * @param to must not exist, or be empty; it holds secrets afterwards, for its owner only
   * @throws FormatException when there is nothing to copy, or it cannot be copied
   */
  public static BackupManifest create(DataFolder from, Path to, Clock clock) {
    if (!Files.isDirectory(from.path())) {
      throw new FormatException(from.path().toString(), "is no data folder");
    }
    Path partial = begin(to);
    try {
      List<String> names = new ArrayList<>();
      journal(from.journal(), partial, names);
      for (Path file : files(from.path())) {
        String name = String.valueOf(file.getFileName());
        if (BackupManifest.known(name) && !name.equals(DATABASE)) {
          copy(file, partial.resolve(name));
          names.add(name);
        }
      }
      if (Files.exists(from.path().resolve(DATABASE))) {
        database(from.path().resolve(DATABASE), partial.resolve(DATABASE));
        names.add(DATABASE);
      }
      if (names.isEmpty()) {
        throw new FormatException(from.path().toString(), "holds nothing of a platform");
      }
      List<BackupManifest.Entry> entries = new ArrayList<>();
      for (String name : names) {
        entries.add(BackupManifest.entry(partial, name));
      }
      BackupManifest manifest = new BackupManifest(clock.instant(), entries);
      manifest.write(partial);
      end(partial, to);
      return manifest;
    } catch (IOException | SQLException e) {
      throw new FormatException(to.toString(), "the backup cannot be made: " + e.getMessage(), e);
    } finally {
      remove(partial);
    }
  }

  /**
   * Puts a backup in the place of a data folder that is not there or empty. All is checked before
   * anything appears there.
   *
   * @throws FormatException when something is missing or was changed, or the folder holds something
   */
  public static BackupManifest restore(Path from, DataFolder to) {
    BackupManifest manifest = BackupManifest.read(from);
    Path partial = begin(to.path());
    try {
      for (BackupManifest.Entry entry : manifest.files()) {
        Path file = from.resolve(entry.name());
        if (!Files.isRegularFile(file)) {
          throw new FormatException(file.toString(), "is missing from the backup");
        }
        Path copy = partial.resolve(entry.name());
        Path parent = copy.getParent();
        if (parent != null && !Files.exists(parent)) {
          Files.createDirectory(parent, OwnerOnly.folder());
        }
        copy(file, copy);
        if (!BackupManifest.entry(partial, entry.name()).equals(entry)) {
          throw new FormatException(
              file.toString(), "is not what was backed up: size or SHA-256 differ");
        }
      }
      end(partial, to.path());
      return manifest;
    } catch (IOException e) {
      throw new FormatException(
          to.path().toString(), "the backup cannot be restored: " + e.getMessage(), e);
    } finally {
      remove(partial);
    }
  }

  /** A folder beside the one that is to come. */
  private static Path begin(Path to) {
    try {
      if (Files.exists(to) && !(Files.isDirectory(to) && files(to).isEmpty())) {
        throw new FormatException(to.toString(), "is there and not empty; nothing is overwritten");
      }
      Path whole = to.toAbsolutePath().normalize();
      Path parent = whole.getParent();
      if (parent == null) {
        throw new FormatException(to.toString(), "is no place for a folder");
      }
      Files.createDirectories(parent);
      return Files.createTempDirectory(
          parent, whole.getFileName() + ".partial", OwnerOnly.folder());
    } catch (IOException e) {
      throw new FormatException(to.toString(), "cannot be made: " + e.getMessage(), e);
    }
  }

  private static void end(Path partial, Path to) throws IOException {
    Files.deleteIfExists(to);
    Files.move(partial, to, StandardCopyOption.ATOMIC_MOVE);
  }

  private static void remove(Path partial) {
    try {
      AtomicFiles.deleteTree(partial);
    } catch (IOException e) {
      System.getLogger("hadal.platform")
          .log(System.Logger.Level.WARNING, partial + " cannot be removed");
    }
  }

  private static void journal(Path journal, Path partial, List<String> names) throws IOException {
    if (!Files.isDirectory(journal)) {
      return;
    }
    Files.createDirectory(partial.resolve(JOURNAL), OwnerOnly.folder());
    // In their order: what runs is noted in a later file before an earlier one goes.
    for (Path file : files(journal)) {
      String name = JOURNAL + "/" + file.getFileName();
      if (!BackupManifest.known(name)) {
        continue;
      }
      try {
        copy(file, partial.resolve(name));
        names.add(name);
      } catch (NoSuchFileException e) {
        // The database has it.
        continue;
      }
    }
  }

  /** A consistent copy of a database that others read and write. */
  private static void database(Path file, Path copy) throws SQLException, IOException {
    try (Connection connection =
            DriverManager.getConnection("jdbc:sqlite:" + file.toAbsolutePath());
        PreparedStatement statement = connection.prepareStatement("VACUUM INTO ?")) {
      statement.setString(1, copy.toString());
      statement.execute();
    }
    force(copy);
  }

  private static void copy(Path from, Path to) throws IOException {
    try (InputStream in = Files.newInputStream(from)) {
      // A copy by name would replace the file, and its access with it.
      Files.createFile(to, OwnerOnly.file());
      try (OutputStream out = Files.newOutputStream(to)) {
        in.transferTo(out);
      }
    }
    force(to);
  }

  private static void force(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> list = Files.list(folder)) {
      return list.sorted().toList();
    }
  }
}
