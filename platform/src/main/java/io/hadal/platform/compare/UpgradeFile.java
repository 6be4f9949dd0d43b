package io.hadal.platform.compare;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.formats.Sha256;
import io.hadal.platform.audit.BoundedLines;
import java.io.BufferedInputStream;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Figures of a report, one line each, so that a run that was stopped goes on where it was. Of the
 * requests it has a hash of the whole set, nothing else.
 */
public final class UpgradeFile implements AutoCloseable {
  private static final int MOST_LINE = 64 << 10;

  private final BufferedWriter out;
  private final List<UpgradeLine> done = new ArrayList<>();

  /**
   * Opens a file, or begins it.
   *
   * @param prompts the set
   * @throws FormatException when the file belongs to other versions or another set
   */
  public UpgradeFile(Path file, String from, String to, Path prompts) throws IOException {
    ObjectNode head =
        JsonMapper.shared()
            .createObjectNode()
            .put("from", from)
            .put("to", to)
            .put("prompts_sha256", hash(prompts));
    boolean fresh = !Files.exists(file) || Files.size(file) == 0;
    if (!fresh) {
      read(file, head);
    }
    out =
        Files.newBufferedWriter(
            file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
    if (fresh) {
      line(head);
    }
  }

  private void read(Path file, ObjectNode head) throws IOException {
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
      BoundedLines lines = new BoundedLines(in, file.toString(), MOST_LINE);
      String first = lines.next();
      if (first == null || !json(first, lines.source()).equals(head)) {
        throw new FormatException(
            file.toString(), "belongs to other versions or other prompts; name another --out");
      }
      for (String line = lines.next(); line != null; line = lines.next()) {
        done.add(UpgradeLine.read(json(line, lines.source()), lines.source()));
      }
    }
  }

  private static JsonNode json(String line, String source) {
    return Json.parse(line.getBytes(StandardCharsets.UTF_8), source);
  }

  private static String hash(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return Sha256.hex(in);
    }
  }

  /** What was there when it was opened. */
  public List<UpgradeLine> done() {
    return List.copyOf(done);
  }

  /** Adds a line, which is in the file when this returns. */
  public void add(UpgradeLine line) throws IOException {
    line(line.json());
  }

  private void line(ObjectNode json) throws IOException {
    out.write(json.toString());
    out.write('\n');
    out.flush();
  }

  @Override
  public void close() throws IOException {
    out.close();
  }
}
