package io.hadal.platform.journal;

import io.hadal.platform.ledger.Settled;
import io.hadal.platform.tenancy.Identity;
import io.hadal.platform.tenancy.ProjectPolicy;
import io.hadal.platform.usage.Outcome;
import io.hadal.platform.usage.Quantities;
import io.hadal.platform.usage.UsageEvent;
import io.hadal.platform.usage.Work;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Records as bytes: {@code HJR1}, the length of the payload, CRC-32C of both length and payload,
 * the payload; all numbers big-endian. The payload begins with the record's type; what later
 * versions added is at its end, where earlier ones do not look. Of an identity the ids are kept,
 * not what it may do.
 */
final class RecordCodec {
  static final int HEADER = 12;
  static final int MAGIC = 0x484a5231;

  /** Longest payload; a record has a few hundred bytes. */
  static final int MOST = 64 << 10;

  private static final int MOST_TEXT = 4_000;

  private RecordCodec() {}

  /** The whole record. */
  static byte[] encode(JournalRecord record) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.write(new byte[HEADER]);
      switch (record) {
        case JournalRecord.Admit(Work work, long start, String holdId, long held) -> {
          out.writeByte('A');
          work(out, work);
          out.writeLong(start);
          optional(out, holdId);
          out.writeLong(held);
          optional(out, work.priority());
        }
        case JournalRecord.Checkpoint(String id, int attempt, long time, Quantities quantities) -> {
          out.writeByte('C');
          text(out, id);
          out.writeInt(attempt);
          out.writeLong(time);
          quantities(out, quantities);
        }
        case JournalRecord.End(Settled settled) -> {
          out.writeByte('E');
          event(out, settled.event());
          out.writeLong(settled.held());
          optional(out, settled.event().work().priority());
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    byte[] all = bytes.toByteArray();
    int length = all.length - HEADER;
    if (length > MOST) {
      throw new IllegalArgumentException("a record of " + length + " bytes is too long");
    }
    ByteBuffer header = ByteBuffer.wrap(all);
    header.putInt(0, MAGIC).putInt(4, length).putInt(8, checksum(all, HEADER, length));
    return all;
  }

  /** CRC-32C of a length and the payload of that length. */
  static int checksum(byte[] bytes, int offset, int length) {
    CRC32C crc = new CRC32C();
    crc.update(ByteBuffer.allocate(4).putInt(0, length));
    crc.update(bytes, offset, length);
    return (int) crc.getValue();
  }

  private static void work(DataOutputStream out, Work work) throws IOException {
    Identity identity = work.identity();
    text(out, identity.org());
    text(out, identity.team());
    text(out, identity.project());
    text(out, identity.key());
    optional(out, identity.principal());
    text(out, work.requestId());
    out.writeInt(work.attempt());
    text(out, work.dialect());
    text(out, work.operation());
    text(out, work.alias());
    text(out, work.modelVersion());
    text(out, work.backend());
    out.writeLong(work.promptTokens());
    out.writeLong(work.maxOutput());
    optional(out, work.endUser());
    optional(out, work.session());
    out.writeShort(work.tags().size());
    for (Map.Entry<String, String> tag : work.tags().entrySet()) {
      text(out, tag.getKey());
      text(out, tag.getValue());
    }
  }

  private static void event(DataOutputStream out, UsageEvent event) throws IOException {
    work(out, event.work());
    out.writeLong(event.start());
    out.writeLong(event.firstToken());
    out.writeLong(event.end());
    text(out, event.outcome().name());
    out.writeInt(event.status());
    quantities(out, event.quantities());
    out.writeBoolean(event.estimated());
    out.writeLong(event.priceBook());
    out.writeLong(event.cost());
    Long upstream = event.upstreamCost();
    out.writeBoolean(upstream != null);
    out.writeLong(upstream == null ? 0 : upstream);
    optional(out, event.upstreamRequestId());
    optional(out, event.holdId());
    out.writeLong(event.queueMillis());
    out.writeLong(event.tokenMicros());
  }

  private static void quantities(DataOutputStream out, Quantities q) throws IOException {
    out.writeLong(q.inputUncached());
    out.writeLong(q.cacheRead());
    out.writeLong(q.cacheWrite());
    out.writeLong(q.outputText());
    out.writeLong(q.outputReasoning());
    out.writeLong(q.images());
    out.writeLong(q.seconds());
  }

  private static void text(DataOutputStream out, String text) throws IOException {
    String cut = text.length() > MOST_TEXT ? text.substring(0, MOST_TEXT) : text;
    // PostgreSQL has no text with a NUL in it.
    byte[] utf8 = cut.replace('\0', '?').getBytes(StandardCharsets.UTF_8);
    out.writeShort(utf8.length);
    out.write(utf8);
  }

  private static void optional(DataOutputStream out, @Nullable String text) throws IOException {
    out.writeBoolean(text != null);
    text(out, text == null ? "" : text);
  }

  /**
   * The record of a payload.
   *
   * @throws IOException when it is none, though its checksum is right
   */
  static JournalRecord decode(byte[] payload) throws IOException {
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(payload));
    int type = in.read();
    return switch (type) {
      case 'A' -> admit(in);
      case 'C' ->
          new JournalRecord.Checkpoint(text(in), in.readInt(), in.readLong(), quantities(in));
      case 'E' -> end(in);
      default -> throw new IOException("a record of type " + type + " is from a newer version");
    };
  }

  private static JournalRecord admit(DataInputStream in) throws IOException {
    Work work = work(in);
    long start = in.readLong();
    String hold = optional(in);
    long held = in.readLong();
    return new JournalRecord.Admit(work.withPriority(last(in)), start, hold, held);
  }

  private static JournalRecord end(DataInputStream in) throws IOException {
    UsageEvent event = event(in);
    long held = in.readLong();
    return new JournalRecord.End(new Settled(event.withPriority(last(in)), held));
  }

  /** What records of earlier versions do not have. */
  private static @Nullable String last(DataInputStream in) throws IOException {
    return in.available() == 0 ? null : optional(in);
  }

  private static Work work(DataInputStream in) throws IOException {
    Identity identity =
        new Identity(
            text(in),
            text(in),
            text(in),
            text(in),
            optional(in),
            Set.of(),
            List.of(),
            ProjectPolicy.DEFAULT);
    return new Work(
        identity,
        text(in),
        in.readInt(),
        text(in),
        text(in),
        text(in),
        text(in),
        text(in),
        in.readLong(),
        in.readLong(),
        optional(in),
        optional(in),
        tags(in),
        null);
  }

  private static Map<String, String> tags(DataInputStream in) throws IOException {
    int count = in.readUnsignedShort();
    Map<String, String> tags = new HashMap<>();
    for (int i = 0; i < count; i++) {
      tags.put(text(in), text(in));
    }
    return tags;
  }

  private static UsageEvent event(DataInputStream in) throws IOException {
    return new UsageEvent(
        work(in),
        in.readLong(),
        in.readLong(),
        in.readLong(),
        outcome(text(in)),
        in.readInt(),
        quantities(in),
        in.readBoolean(),
        in.readLong(),
        in.readLong(),
        upstreamCost(in),
        optional(in),
        optional(in),
        in.readLong(),
        in.readLong());
  }

  private static Outcome outcome(String name) throws IOException {
    try {
      return Outcome.valueOf(name);
    } catch (IllegalArgumentException e) {
      throw new IOException("outcome " + name + " is from a newer version", e);
    }
  }

  private static @Nullable Long upstreamCost(DataInputStream in) throws IOException {
    boolean there = in.readBoolean();
    long value = in.readLong();
    return there ? value : null;
  }

  private static Quantities quantities(DataInputStream in) throws IOException {
    return new Quantities(
        in.readLong(),
        in.readLong(),
        in.readLong(),
        in.readLong(),
        in.readLong(),
        in.readLong(),
        in.readLong());
  }

  private static String text(DataInputStream in) throws IOException {
    byte[] utf8 = new byte[in.readUnsignedShort()];
    in.readFully(utf8);
    return new String(utf8, StandardCharsets.UTF_8);
  }

  private static @Nullable String optional(DataInputStream in) throws IOException {
    boolean there = in.readBoolean();
    String text = text(in);
    return there ? text : null;
  }
}
