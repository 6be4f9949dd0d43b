package io.hadal.platform.backup;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.formats.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a backup holds.
 *
 * @param createdAt when it was made
 * @param files its files, with their hashes
 */
public record BackupManifest(Instant createdAt, List<Entry> files) {
  static final String NAME = "manifest.json";
  private static final String FORMAT = "hadal-backup-1";
  private static final long MOST_BYTES = 4 << 20;

  /** Names that a data folder has; no other may come out of a backup. */
  private static final String KNOWN =
      "hadal\\.db|pepper|master\\.key|audit\\.key|audit-checkpoints\\.jsonl"
          + "|costs\\.json|journal/node|journal/journal-[0-9]{12}\\.log(\\.damaged)?";

  public BackupManifest {
    files = List.copyOf(files);
  }

  /**
   * A file.
   *
   * @param name below the folder, with /
   * @param bytes its size
   * @param sha256 in hex
   */
  public record Entry(String name, long bytes, String sha256) {}

  static boolean known(String name) {
    return name.matches(KNOWN);
  }

  /** The entry of a file as it is. */
  static Entry entry(Path folder, String name) throws IOException {
    Path file = folder.resolve(name);
    MessageDigest digest = Sha256.digest();
    long bytes = 0;
    try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
      byte[] buffer = new byte[1 << 16];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        bytes += n;
      }
    }
    return new Entry(name, bytes, HexFormat.of().formatHex(digest.digest()));
  }

  void write(Path folder) throws IOException {
    ObjectNode json = JsonMapper.shared().createObjectNode();
    json.put("format", FORMAT).put("created_at", createdAt.toString());
    ArrayNode list = json.putArray("files");
    for (Entry file : files) {
      list.addObject().put("name", file.name).put("bytes", file.bytes).put("sha256", file.sha256);
    }
    Files.writeString(
        folder.resolve(NAME),
        JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(json) + "\n");
  }

  /**
   * Reads the manifest of a backup.
   *
   * @throws FormatException when there is none, or it is none of ours
   */
  static BackupManifest read(Path folder) {
    Path file = folder.resolve(NAME);
    JsonNode json;
    try {
      if (Files.size(file) > MOST_BYTES) {
        throw new FormatException(file.toString(), "is too long for a manifest");
      }
      json = Json.parse(Files.readAllBytes(file), file.toString());
    } catch (IOException e) {
      throw new FormatException(folder.toString(), "is no backup: it has no readable " + NAME, e);
    }
    if (!FORMAT.equals(json.path("format").asString(""))) {
      throw new FormatException(file.toString(), "format must be " + FORMAT);
    }
    List<Entry> files = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (JsonNode item : json.path("files")) {
      Entry entry =
          new Entry(
              item.path("name").asString(""),
              item.path("bytes").asLong(-1),
              item.path("sha256").asString(""));
      if (!known(entry.name) || !names.add(entry.name)) {
        throw new FormatException(
            file.toString(), "names a file that no data folder has, or one twice");
      }
      files.add(entry);
    }
    try {
      return new BackupManifest(Instant.parse(json.path("created_at").asString("")), files);
    } catch (DateTimeException e) {
      throw new FormatException(file.toString(), "created_at must be a time", e);
    }
  }
}
