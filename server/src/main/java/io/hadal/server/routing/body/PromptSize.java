package io.hadal.server.routing.body;

import java.nio.charset.StandardCharsets;

/**
 * How long a part of a prompt is, where nobody has counted its tokens.
 *
 * @param about tokens, by estimate
 * @param most tokens that it cannot have more of: a token stands for at least one byte, and each
 *     picture for {@value #MOST_PICTURE} at most. What an upstream adds by itself is not in it.
 */
record PromptSize(long about, long most) {
  static final PromptSize NONE = new PromptSize(0, 0);

  /** Tokens of a picture in the detail that upstreams usually look at. */
  private static final long USUAL_PICTURE = 1600;

  private static final long MOST_PICTURE = 16_384;

  /** Shorter values of {@code data} are texts. */
  private static final int LEAST_DATA = 1024;

  private static final byte[] DATA = name("data");
  private static final byte[][] ADDRESSES = {name("url"), name("image_url"), name("file_data")};

  private static byte[] name(String name) {
    return ('"' + name + '"').getBytes(StandardCharsets.US_ASCII);
  }

  PromptSize plus(PromptSize other) {
    return new PromptSize(about + other.about, most + other.most);
  }

  /**
   * The size of a piece of JSON.
   *
   * @param pictures whether it may hold pictures, whose bytes are no text
   */
  static PromptSize of(byte[] json, int from, int to, boolean pictures) {
    long found = 0;
    long ascii = 0;
    long others = 0;
    long bytes = 0;
    for (int i = from; i < to; i++) {
      int end = pictures && json[i] == '"' ? pictureEnd(json, i, to) : -1;
      if (end > 0) {
        found++;
        i = end;
        continue;
      }
      bytes++;
      if (json[i] >= 0) {
        ascii++;
      } else if ((json[i] & 0xC0) == 0xC0) {
        others++;
      }
    }
    return new PromptSize(
        TokenEstimate.tokens(ascii, others) + found * USUAL_PICTURE, bytes + found * MOST_PICTURE);
  }

  /** Where the value of a member ends that is a picture or its address; -1 for another. */
  private static int pictureEnd(byte[] json, int at, int to) {
    boolean data = matches(json, at, to, DATA);
    int value = data ? value(json, at + DATA.length, to) : -1;
    for (int i = 0; !data && value < 0 && i < ADDRESSES.length; i++) {
      if (matches(json, at, to, ADDRESSES[i])) {
        value = value(json, at + ADDRESSES[i].length, to);
      }
    }
    if (value < 0) {
      return -1;
    }
    int end = value;
    while (end < to && json[end] != '"') {
      end += json[end] == '\\' ? 2 : 1;
    }
    return end >= to || (data && end - value < LEAST_DATA) ? -1 : end;
  }

  /** Where the text begins behind a name; -1 when its value is none. */
  private static int value(byte[] json, int from, int to) {
    boolean colon = false;
    for (int i = from; i < to; i++) {
      if (json[i] == '"') {
        return colon ? i + 1 : -1;
      }
      if (json[i] == ':' && !colon) {
        colon = true;
      } else if (json[i] > ' ') {
        return -1;
      }
    }
    return -1;
  }

  private static boolean matches(byte[] json, int at, int to, byte[] name) {
    if (to - at < name.length) {
      return false;
    }
    for (int i = 1; i < name.length; i++) {
      if (json[at + i] != name[i]) {
        return false;
      }
    }
    return true;
  }
}
