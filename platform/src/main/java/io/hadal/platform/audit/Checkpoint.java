package io.hadal.platform.audit;

import io.hadal.formats.FormatException;
import io.hadal.platform.json.Jcs;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * A signed statement that a chain has reached a hash.
 *
 * @param seq number of the event with the hash
 * @param ts when it was signed, milliseconds since 1970
 * @param keyId which key signed
 * @param signature Ed25519 over {@link #statement}, base 64
 */
record Checkpoint(String chain, long seq, String hash, long ts, String keyId, String signature) {
  static final String TYPE = "checkpoint";

  static Checkpoint sign(SigningKey key, String chain, long seq, String hash, long ts) {
    Checkpoint open = new Checkpoint(chain, seq, hash, ts, key.publicKey().id(), "");
    return new Checkpoint(chain, seq, hash, ts, open.keyId(), key.sign(open.statement()));
  }

  /** What is signed: canonical JSON of all fields but the signature. */
  String statement() {
    return Jcs.text(fields());
  }

  /** A line of a file, without its end. */
  String line() {
    ObjectNode line = fields();
    line.put("signature", signature);
    return Jcs.text(line);
  }

  private ObjectNode fields() {
    ObjectNode fields = JsonNodeFactory.instance.objectNode();
    fields.put("type", TYPE);
    fields.put("chain", chain);
    fields.put("seq", seq);
    fields.put("hash", hash);
    fields.put("ts", ts);
    fields.put("key", keyId);
    return fields;
  }

  /**
   * Reads a line.
   *
   * @throws FormatException when it is none
   */
  static Checkpoint read(JsonNode line, String source) {
    return new Checkpoint(
        LineFields.text(line, "chain", source),
        LineFields.number(line, "seq", source),
        LineFields.text(line, "hash", source),
        LineFields.number(line, "ts", source),
        LineFields.text(line, "key", source),
        LineFields.text(line, "signature", source));
  }
}
