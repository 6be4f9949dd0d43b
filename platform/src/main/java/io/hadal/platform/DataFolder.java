package io.hadal.platform;

import io.hadal.formats.FormatException;
import io.hadal.formats.OwnerOnly;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Where a process keeps what outlives it. For its owner only. */
public record DataFolder(Path path) {
  /**
   * The folder used without a choice: {@code $XDG_DATA_HOME/hadal} or {@code ~/.local/share/hadal}.
   */
  public static DataFolder standard(Map<String, String> environment, Path home) {
    String data = environment.get("XDG_DATA_HOME");
    // Relative paths in there are invalid by the XDG specification.
    Path base =
        data != null && Path.of(data).isAbsolute() ? Path.of(data) : home.resolve(".local/share");
    return new DataFolder(base.resolve("hadal"));
  }

  /**
   * The folder, made if it is not there.
   *
   * @throws FormatException when it cannot be
   */
  public DataFolder create() {
    try {
      Files.createDirectories(path, OwnerOnly.folder());
      return this;
    } catch (FileAlreadyExistsException e) {
      throw new FormatException(
          path.toString(), "is a file; the data folder of the platform is needed", e);
    } catch (FileSystemException e) {
      String reason = e.getReason() == null ? "may not be written here" : e.getReason();
      throw new FormatException(
          path.toString(),
          "the data folder cannot be made: " + reason + "; choose another one with --data",
          e);
    } catch (IOException e) {
      throw new FormatException(
          path.toString(), "the data folder cannot be made: " + e.getMessage(), e);
    }
  }

  /** The database, where it is SQLite. */
  public Path database() {
    return path.resolve("hadal.db");
  }

  /** The private key of the audit log, with its public key. */
  public Path auditKey() {
    return path.resolve("audit.key");
  }

  /** Signed checkpoints of the audit log. */
  public Path auditCheckpoints() {
    return path.resolve("audit-checkpoints.jsonl");
  }

  /** The key around data keys. */
  public Path masterKey() {
    return path.resolve("master.key");
  }

  /** The key that follows it, while data keys are wrapped anew. */
  public Path nextMasterKey() {
    return path.resolve("master.key.next");
  }

  /** The key before the last change. */
  public Path previousMasterKey() {
    return path.resolve("master.key.previous");
  }

  /** Folder of the journal. */
  public Path journal() {
    return path.resolve("journal");
  }

  /** What steps cost on this machine, as a calibration has measured it. */
  public Path capacity() {
    return path.resolve("costs.json");
  }

  /**
   * The same of other models or machines, by their names: {@code costs-NAME.json}, and {@code
   * live-costs-NAME.json} of servers that had others.
   */
  public List<Path> otherCapacities() {
    if (!Files.isDirectory(path)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(path)) {
      return files
          .filter(file -> file.getFileName().toString().matches("(live-)?costs-.+\\.json"))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new FormatException(path.toString(), "cannot be read: " + e, e);
    }
  }

  /** File of the peppers of keys. */
  public Path pepper() {
    return path.resolve("pepper");
  }
}
