package io.hadal.server.explain;

import org.jspecify.annotations.Nullable;

/**
 * How a prompt differs from the one before it in its conversation.
 *
 * @param cause first, extended, shortened, system_changed, tools_changed, tools_reordered,
 *     message_edited, reasoning_missing or calls_rewritten; once the answer is there, also lost:
 *     the prompt goes on where the last one ended, and the cache has forgotten it
 * @param position number of the first part that differs, from 0
 * @param kind what that part is: tools, system, user, assistant or tool; null when none differs
 * @param sameCharacters length of all parts before it
 * @param beforeCharacters its length in the prompt before
 * @param afterCharacters its length now
 * @param beforeHash hash of what it said; null for nothing
 * @param afterHash hash of what it says now; null for nothing
 */
public record CacheMiss(
    String cause,
    int position,
    @Nullable String kind,
    long sameCharacters,
    long beforeCharacters,
    long afterCharacters,
    @Nullable String beforeHash,
    @Nullable String afterHash) {

  /** The difference between two prompts. */
  static CacheMiss between(@Nullable PromptOutline before, PromptOutline after) {
    if (before == null) {
      return new CacheMiss("first", 0, null, 0, 0, 0, null, null);
    }
    long same = 0;
    int most = Math.min(before.parts().size(), after.parts().size());
    for (int i = 0; i < most; i++) {
      PromptOutline.Part old = before.parts().get(i);
      PromptOutline.Part now = after.parts().get(i);
      if (!old.equals(now)) {
        return new CacheMiss(
            cause(old, now),
            i,
            now.kind(),
            same,
            old.characters(),
            now.characters(),
            old.text(),
            now.text());
      }
      same += now.characters();
    }
    boolean shorter = after.parts().size() < before.parts().size();
    return new CacheMiss(shorter ? "shortened" : "extended", most, null, same, 0, 0, null, null);
  }

  private static String cause(PromptOutline.Part old, PromptOutline.Part now) {
    boolean tools = old.kind().equals("tools") || now.kind().equals("tools");
    if (tools) {
      boolean both = old.kind().equals(now.kind());
      return both && old.calls().equals(now.calls()) ? "tools_reordered" : "tools_changed";
    }
    if (old.kind().equals("system") || now.kind().equals("system")) {
      return "system_changed";
    }
    if (old.kind().equals(now.kind()) && old.text().equals(now.text())) {
      if (!old.reasoning().isEmpty() && now.reasoning().isEmpty()) {
        return "reasoning_missing";
      }
      if (!old.calls().equals(now.calls())) {
        return "calls_rewritten";
      }
    }
    return "message_edited";
  }

  /** The same with another cause. */
  CacheMiss because(String other) {
    return new CacheMiss(
        other,
        position,
        kind,
        sameCharacters,
        beforeCharacters,
        afterCharacters,
        beforeHash,
        afterHash);
  }

  /** For a header: {@code cause=system_changed; part=0; kind=system; same=0; before=...}. */
  public String header() {
    StringBuilder text = new StringBuilder("cause=%s; part=%d".formatted(cause, position));
    if (kind != null) {
      text.append("; kind=").append(kind);
    }
    text.append("; same_characters=").append(sameCharacters);
    if (kind != null) {
      text.append(
          "; before=%s/%d; after=%s/%d"
              .formatted(beforeHash, beforeCharacters, afterHash, afterCharacters));
    }
    return text.toString();
  }
}
