package io.hadal.server.routing.body;

import io.hadal.server.wire.JsonMembers;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import tools.jackson.databind.node.StringNode;

/** Changes of single members of a body; every other byte stays as it was sent. */
public final class BodyEdit {
  private final byte[] body;
  private final JsonMembers members;
  private final List<Change> changes = new ArrayList<>();

  private record Change(int from, int to, byte[] by) {}

  public BodyEdit(byte[] body, JsonMembers members) {
    this.body = body;
    this.members = members;
  }

  /** Another text in a member that is there. */
  public BodyEdit text(String name, String value) {
    JsonMembers.Member member = members.find(name);
    if (member != null) {
      change(member.start(), member.end(), StringNode.valueOf(value).toString());
    }
    return this;
  }

  /** A literal in a member, whether it is there or not. */
  public BodyEdit literal(String name, String value) {
    JsonMembers.Member member = members.find(name);
    if (member == null) {
      change(members.end(), members.end(), ",\"" + name + "\":" + value);
    } else {
      change(member.start(), member.end(), value);
    }
    return this;
  }

  /** Leaves a member out, if it is there. */
  public BodyEdit remove(String name) {
    JsonMembers.Member member = members.find(name);
    if (member == null) {
      return this;
    }
    int index = members.all().indexOf(member);
    if (index + 1 < members.all().size()) {
      change(member.nameStart(), members.all().get(index + 1).nameStart(), "");
    } else if (index > 0) {
      change(members.all().get(index - 1).end(), member.end(), "");
    } else {
      change(member.nameStart(), member.end(), "");
    }
    return this;
  }

  /** Asks for usage at the end of a stream. */
  public BodyEdit includeUsage() {
    JsonMembers.Member options = members.find("stream_options");
    if (options == null) {
      change(members.end(), members.end(), ",\"stream_options\":{\"include_usage\":true}");
      return this;
    }
    JsonMembers inner = members.object("stream_options");
    if (inner == null || inner.all().isEmpty()) {
      change(options.start(), options.end(), "{\"include_usage\":true}");
      return this;
    }
    JsonMembers.Member asked = inner.find("include_usage");
    if (asked == null) {
      change(inner.end(), inner.end(), ",\"include_usage\":true");
    } else {
      change(asked.start(), asked.end(), "true");
    }
    return this;
  }

  private void change(int from, int to, String by) {
    changes.add(new Change(from, to, by.getBytes(StandardCharsets.UTF_8)));
  }

  /** The body with all changes. */
  public byte[] apply() {
    changes.sort(Comparator.comparingInt(Change::from));
    ByteArrayOutputStream out = new ByteArrayOutputStream(body.length + 256);
    int at = 0;
    for (Change change : changes) {
      out.write(body, at, change.from() - at);
      out.writeBytes(change.by());
      at = change.to();
    }
    out.write(body, at, body.length - at);
    return out.toByteArray();
  }
}
