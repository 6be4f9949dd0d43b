package io.hadal.train.corpus;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** How many files an artifact has and what became of them. */
final class Tally {
  private long files;
  private long documents;
  private long bytes;
  private final Map<Rejection, Long> rejections = new EnumMap<>(Rejection.class);

  void file() {
    files++;
  }

  void document(long utf8Bytes) {
    documents++;
    bytes += utf8Bytes;
  }

  void reject(Rejection reason) {
    rejections.merge(reason, 1L, Long::sum);
  }

  /** A document that was counted is left out after all. */
  void withdraw(long utf8Bytes, Rejection reason) {
    documents--;
    bytes -= utf8Bytes;
    reject(reason);
  }

  void add(Tally other) {
    files += other.files;
    documents += other.documents;
    bytes += other.bytes;
    other.rejections.forEach((reason, n) -> rejections.merge(reason, n, Long::sum));
  }

  long files() {
    return files;
  }

  long documents() {
    return documents;
  }

  /** Length of the documents in UTF-8. */
  long bytes() {
    return bytes;
  }

  long rejected(Rejection reason) {
    return rejections.getOrDefault(reason, 0L);
  }

  ObjectNode toJson() {
    ObjectNode node = JsonMapper.shared().createObjectNode();
    node.put("files", files).put("documents", documents).put("bytes", bytes);
    ObjectNode reasons = node.putObject("rejected");
    rejections.forEach((reason, n) -> reasons.put(reason.name().toLowerCase(Locale.ROOT), n));
    return node;
  }

  static Tally fromJson(JsonNode node) {
    Tally tally = new Tally();
    tally.files = node.path("files").asLong(0);
    tally.documents = node.path("documents").asLong(0);
    tally.bytes = node.path("bytes").asLong(0);
    for (Rejection reason : Rejection.values()) {
      long n = node.path("rejected").path(reason.name().toLowerCase(Locale.ROOT)).asLong(0);
      if (n > 0) {
        tally.rejections.put(reason, n);
      }
    }
    return tally;
  }
}
