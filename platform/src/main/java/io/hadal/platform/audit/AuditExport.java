package io.hadal.platform.audit;

import io.hadal.platform.db.Database;
import io.hadal.platform.json.Jcs;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jdbi.v3.core.Handle;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes chains as JSON lines that {@link AuditVerifier#file} verifies without the database. Every
 * line is canonical JSON. A header comes first; for each chain its checkpoints, then its events
 * with the personal values that are still kept; last a line with the heads of the chains, signed,
 * which shows that nothing was cut off.
 */
public final class AuditExport {
  static final String FORMAT = "hadal-audit";
  static final int VERSION = 1;
  private static final int PAGE = 500;

  private final Database database;
  private final SigningKey key;
  private final Clock clock;

  public AuditExport(Database database, SigningKey key, Clock clock) {
    this.database = database;
    this.key = key;
    this.clock = clock;
  }

  /**
   * Writes chains, one after the other, in constant memory.
   *
   * @param chains names of chains; those that are not there are left out
   * @return how many events
   */
  public long write(List<String> chains, OutputStream out) throws IOException {
    line(header(), out);
    Map<String, AuditVerifier.Head> heads = new TreeMap<>();
    for (AuditVerifier.Head head : database.read(AuditVerifier::heads)) {
      if (chains.contains(head.chain())) {
        heads.put(head.chain(), head);
      }
    }
    long events = 0;
    for (AuditVerifier.Head head : heads.values()) {
      for (Checkpoint checkpoint : database.read(handle -> checkpoints(handle, head))) {
        line(checkpoint.line(), out);
      }
      events += events(head, out);
    }
    line(end(heads), out);
    return events;
  }

  static String header() {
    ObjectNode header = JsonNodeFactory.instance.objectNode();
    header.put("type", "header");
    header.put("format", FORMAT);
    header.put("version", VERSION);
    return Jcs.text(header);
  }

  private static List<Checkpoint> checkpoints(Handle handle, AuditVerifier.Head head) {
    return Checkpoints.stored(handle).stream()
        .filter(c -> c.chain().equals(head.chain()) && c.seq() <= head.seq())
        .toList();
  }

  /** Events up to the head that was read first; later ones belong to the next export. */
  private long events(AuditVerifier.Head head, OutputStream out) throws IOException {
    long last = 0;
    long count = 0;
    while (true) {
      long above = last;
      List<ChainCheck.StoredEvent> page =
          database.read(handle -> AuditVerifier.page(handle, head.chain(), above, PAGE));
      for (ChainCheck.StoredEvent event : page) {
        if (event.seq() <= head.seq()) {
          line(event(event), out);
          count++;
        }
        last = event.seq();
      }
      if (page.size() < PAGE || last >= head.seq()) {
        return count;
      }
    }
  }

  private static String event(ChainCheck.StoredEvent event) {
    ObjectNode clear = JsonNodeFactory.instance.objectNode();
    event
        .clear()
        .forEach(
            (field, commitment) ->
                clear
                    .putObject(field)
                    .put("salt", commitment.salt())
                    .put("value", commitment.value()));
    // The record goes out as it was hashed, whatever has become of it; sorted names around it.
    return "{\"clear\":"
        + Jcs.text(clear)
        + ",\"hash\":"
        + Jcs.text(text(event.hash()))
        + ",\"record\":"
        + event.record()
        + ",\"type\":\"event\"}";
  }

  private static JsonNode text(String value) {
    return JsonNodeFactory.instance.stringNode(value);
  }

  private String end(Map<String, AuditVerifier.Head> heads) {
    ObjectNode end = JsonNodeFactory.instance.objectNode();
    end.put("type", "end");
    end.put("ts", clock.millis());
    end.put("key", key.publicKey().id());
    ObjectNode all = end.putObject("heads");
    heads.forEach(
        (chain, head) -> all.putObject(chain).put("seq", head.seq()).put("hash", head.hash()));
    String signature = key.sign(Jcs.text(end));
    end.put("signature", signature);
    return Jcs.text(end);
  }

  private static void line(String text, OutputStream out) throws IOException {
    out.write((text + "\n").getBytes(StandardCharsets.UTF_8));
  }
}
