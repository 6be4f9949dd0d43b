package io.hadal.platform.audit;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.platform.json.Jcs;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Verifies an exported file, line by line. */
final class ExportCheck {
  private static final int MAX_LINE = 16 << 20;
  private static final int MAX_CHAINS = 100_000;
  private static final Set<String> EVENT_FIELDS = Set.of("clear", "hash", "record", "type");

  private final AuditVerifier verifier;
  private final String name;
  private final Map<String, ChainCheck> checks = new LinkedHashMap<>();
  private final List<AuditFault> faults = new ArrayList<>();
  private @Nullable ChainCheck current;
  private long events;
  private boolean ended;

  ExportCheck(AuditVerifier verifier, String name) {
    this.verifier = verifier;
    this.name = name;
  }

  AuditReport run(Path file) throws IOException {
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
      BoundedLines lines = new BoundedLines(in, name, MAX_LINE);
      header(lines);
      try {
        String blank = null;
        for (String text = lines.next(); text != null; text = lines.next()) {
          // Editors and copies end files with empty lines; between events there are none.
          if (text.isBlank()) {
            blank = blank == null ? lines.source() : blank;
          } else {
            if (blank != null) {
              fault(blank + " is empty: the file was changed");
              blank = null;
            }
            line(text, lines.source());
          }
        }
      } catch (FormatException | IllegalArgumentException e) {
        fault("cannot be read: " + e.getMessage());
        ended = true;
      }
    }
    if (!ended) {
      fault("missing: the file has no last line, its tail was cut off");
    }
    checks.values().forEach(ChainCheck::end);
    return AuditVerifier.report(checks, events, faults);
  }

  private void header(BoundedLines lines) throws IOException {
    String text = lines.next();
    if (text == null) {
      throw new FormatException(name, "is empty; an export of an audit log is needed");
    }
    JsonNode header = Json.parse(text.getBytes(StandardCharsets.UTF_8), lines.source());
    if (!LineFields.text(header, "format", lines.source()).equals(AuditExport.FORMAT)) {
      throw new FormatException(lines.source(), "is no export of an audit log");
    }
    long version = LineFields.number(header, "version", lines.source());
    if (version != AuditExport.VERSION) {
      throw new FormatException(
          lines.source(), "has version " + version + "; this Hadal knows " + AuditExport.VERSION);
    }
    if (!text.equals(AuditExport.header())) {
      fault("the first line was changed");
    }
  }

  private void line(String text, String source) {
    JsonNode line = Json.parse(text.getBytes(StandardCharsets.UTF_8), source);
    if (!line.isObject() || !Jcs.text(line).equals(text)) {
      fault(source + " is not canonical JSON: it was changed");
      return;
    }
    if (ended) {
      fault(source + " comes behind the last line");
      return;
    }
    switch (LineFields.text(line, "type", source)) {
      case Checkpoint.TYPE -> {
        Checkpoint checkpoint = Checkpoint.read(line, source);
        check(checkpoint.chain(), source).checkpoint(checkpoint, verifier.valid(checkpoint));
      }
      case "event" -> event(line, source);
      case "end" -> end((ObjectNode) line, source);
      default -> fault(source + " is of no known type");
    }
  }

  private void event(JsonNode line, String source) {
    JsonNode record = line.path("record");
    if (!EVENT_FIELDS.equals(new HashSet<>(line.propertyNames()))) {
      fault(source + " has other fields than an event has");
      return;
    }
    Map<String, Commitment> clear = new HashMap<>();
    for (Map.Entry<String, JsonNode> field : line.path("clear").properties()) {
      clear.put(
          field.getKey(),
          new Commitment(
              LineFields.text(field.getValue(), "salt", source),
              LineFields.text(field.getValue(), "value", source)));
    }
    check(LineFields.text(record, "chain", source), source)
        .event(
            new ChainCheck.StoredEvent(
                LineFields.number(record, "seq", source),
                Jcs.text(record),
                LineFields.text(line, "hash", source),
                Map.of(),
                clear));
    events++;
  }

  private void end(ObjectNode line, String source) {
    ended = true;
    String signature = LineFields.text(line, "signature", source);
    String key = LineFields.text(line, "key", source);
    line.remove("signature");
    if (!verifier.signed(key, Jcs.text(line), signature)) {
      fault("the last line is not signed by a known key (key id " + key + ")");
      return;
    }
    JsonNode heads = line.path("heads");
    for (Map.Entry<String, JsonNode> head : heads.properties()) {
      check(head.getKey(), source)
          .end(
              LineFields.number(head.getValue(), "seq", source),
              LineFields.text(head.getValue(), "hash", source));
    }
    for (ChainCheck check : checks.values()) {
      JsonNode head = heads.get(check.chain());
      if (head == null || LineFields.number(head, "seq", source) < check.seq()) {
        faults.add(
            new AuditFault(check.chain(), check.seq(), "the last line does not know this event"));
      }
    }
  }

  private ChainCheck check(String chain, String source) {
    if (checks.size() >= MAX_CHAINS && !checks.containsKey(chain)) {
      throw new FormatException(source, "more than " + MAX_CHAINS + " chains");
    }
    ChainCheck check = checks.computeIfAbsent(chain, ChainCheck::new);
    current = check;
    return check;
  }

  /** A fault behind the last event that was read. */
  private void fault(String why) {
    ChainCheck at = current;
    faults.add(
        at == null ? new AuditFault("?", 0, why) : new AuditFault(at.chain(), at.seq() + 1, why));
  }
}
