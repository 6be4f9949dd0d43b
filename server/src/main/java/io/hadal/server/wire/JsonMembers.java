package io.hadal.server.wire;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Members of a JSON object, found in its bytes. Values are skipped, not parsed and not checked:
 * whoever answers reads them.
 */
public final class JsonMembers {
  private static final int MOST = 10_000;

  private final byte[] json;
  private final List<Member> members;
  private final int end;

  /**
   * A member.
   *
   * @param nameStart first byte of its name, the quotation mark
   * @param start first byte of its value
   * @param end byte behind its value
   */
  public record Member(String name, int nameStart, int start, int end) {}

  private JsonMembers(byte[] json, List<Member> members, int end) {
    this.json = json;
    this.members = members;
    this.end = end;
  }

  /** Members of an object that is all of the bytes; null when they are none. */
  public static @Nullable JsonMembers of(byte[] json) {
    return of(json, 0, json.length);
  }

  /** Members of an object in a part of the bytes; null when it is none. */
  public static @Nullable JsonMembers of(byte[] json, int from, int to) {
    List<Member> members = new ArrayList<>();
    int i = space(json, from, to);
    if (i >= to || json[i] != '{') {
      return null;
    }
    i = space(json, i + 1, to);
    if (i < to && json[i] == '}') {
      return space(json, i + 1, to) == to ? new JsonMembers(json, members, i) : null;
    }
    while (i < to && members.size() < MOST) {
      int nameStart = i;
      int nameEnd = json[i] == '"' ? string(json, i, to) : -1;
      if (nameEnd < 0) {
        return null;
      }
      i = space(json, nameEnd, to);
      if (i >= to || json[i] != ':') {
        return null;
      }
      int start = space(json, i + 1, to);
      int valueEnd = value(json, start, to);
      String name = text(json, nameStart, nameEnd);
      if (valueEnd < 0 || name == null) {
        return null;
      }
      members.add(new Member(name, nameStart, start, valueEnd));
      i = space(json, valueEnd, to);
      if (i < to && json[i] == '}') {
        return space(json, i + 1, to) == to ? new JsonMembers(json, members, i) : null;
      }
      if (i >= to || json[i] != ',') {
        return null;
      }
      i = space(json, i + 1, to);
    }
    return null;
  }

  /** Values of an array, as places of their first byte and of the byte behind; null for none. */
  public static @Nullable List<int[]> elements(byte[] json, int from, int to, int most) {
    List<int[]> elements = new ArrayList<>();
    int i = space(json, from, to);
    if (i >= to || json[i] != '[') {
      return null;
    }
    i = space(json, i + 1, to);
    while (i < to && json[i] != ']' && elements.size() < most) {
      int end = value(json, i, to);
      if (end < 0) {
        return null;
      }
      elements.add(new int[] {i, end});
      i = space(json, end, to);
      if (i < to && json[i] == ',') {
        i = space(json, i + 1, to);
      }
    }
    return elements;
  }

  private static int space(byte[] json, int from, int to) {
    int i = from;
    while (i < to && (json[i] == ' ' || json[i] == '\n' || json[i] == '\r' || json[i] == '\t')) {
      i++;
    }
    return i;
  }

  /** Place behind a string that begins here; -1 when it does not end. */
  private static int string(byte[] json, int from, int to) {
    for (int i = from + 1; i < to; i++) {
      if (json[i] == '\\') {
        i++;
      } else if (json[i] == '"') {
        return i + 1;
      }
    }
    return -1;
  }

  /** Place behind a value that begins here; -1 when there is none. */
  private static int value(byte[] json, int from, int to) {
    if (from >= to) {
      return -1;
    }
    byte first = json[from];
    if (first == '"') {
      return string(json, from, to);
    }
    if (first != '{' && first != '[') {
      int i = from;
      while (i < to && ",]}: \t\r\n\"".indexOf(json[i]) < 0) {
        i++;
      }
      return i == from ? -1 : i;
    }
    int depth = 0;
    for (int i = from; i < to; i++) {
      switch (json[i]) {
        case '"' -> {
          i = string(json, i, to) - 1;
          if (i < 0) {
            return -1;
          }
        }
        case '{', '[' -> depth++;
        case '}', ']' -> {
          if (--depth == 0) {
            return i + 1;
          }
        }
        default -> {}
      }
    }
    return -1;
  }

  private static @Nullable String text(byte[] json, int from, int to) {
    if (to - from < 2 || json[from] != '"') {
      return null;
    }
    for (int i = from; i < to; i++) {
      if (json[i] == '\\') {
        JsonNode node = parse(json, from, to);
        return node == null ? null : node.stringValue();
      }
    }
    return new String(json, from + 1, to - from - 2, StandardCharsets.UTF_8);
  }

  private static @Nullable JsonNode parse(byte[] json, int from, int to) {
    try {
      return Json.parse(Arrays.copyOfRange(json, from, to), "body");
    } catch (FormatException e) {
      return null;
    }
  }

  /** A member; the last one of its name, null when there is none. */
  public @Nullable Member find(String name) {
    for (int i = members.size() - 1; i >= 0; i--) {
      if (members.get(i).name().equals(name)) {
        return members.get(i);
      }
    }
    return null;
  }

  /** A name that is there twice, so that readers may differ in what it means; null for none. */
  public @Nullable String repeated() {
    Set<String> seen = new HashSet<>();
    return members.stream().map(Member::name).filter(n -> !seen.add(n)).findFirst().orElse(null);
  }

  public List<Member> all() {
    return members;
  }

  /** Place of the brace that closes the object. */
  public int end() {
    return end;
  }

  /** Text of a member that is a string; null for another one. */
  public @Nullable String text(String name) {
    Member member = find(name);
    return member == null ? null : text(json, member.start(), member.end());
  }

  /** True when a member is the literal {@code true}. */
  public boolean isTrue(String name) {
    return is(name, "true");
  }

  /** True when a member is there and is written so. */
  public boolean is(String name, String literal) {
    Member member = find(name);
    return member != null && is(member, literal);
  }

  private boolean is(Member member, String literal) {
    return member.end() - member.start() == literal.length()
        && new String(json, member.start(), literal.length(), StandardCharsets.US_ASCII)
            .equals(literal);
  }

  /** True when a member is there and not null. */
  public boolean has(String name) {
    Member member = find(name);
    return member != null && !is(member, "null");
  }

  /** A whole number of a member; the fallback for anything else. */
  public long number(String name, long fallback) {
    Member member = find(name);
    if (member == null || member.end() - member.start() > 18) {
      return fallback;
    }
    String text =
        new String(json, member.start(), member.end() - member.start(), StandardCharsets.US_ASCII);
    return text.matches("[0-9]+") ? Long.parseLong(text) : fallback;
  }

  /** A member as a tree; null when it is absent or no JSON. */
  public @Nullable JsonNode tree(String name) {
    Member member = find(name);
    return member == null ? null : parse(json, member.start(), member.end());
  }

  /** Members of a member that is an object; null for another one. */
  public @Nullable JsonMembers object(String name) {
    Member member = find(name);
    return member == null ? null : of(json, member.start(), member.end());
  }
}
