package io.hadal.server.routing.body;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Text fields of a multipart form, and where they are; files are passed over. */
public final class MultipartForm {
  private static final Pattern BOUNDARY =
      Pattern.compile(";\\s*boundary=\"?([A-Za-z0-9'()+_,./:=? -]{1,70})\"?");

  private static final Pattern NAME = Pattern.compile(";\\s*name=\"([A-Za-z0-9_\\[\\]]{1,64})\"");
  private static final int MOST_PARTS = 64;
  private static final int MOST_VALUE = 4096;

  private final byte[] body;
  private final Map<String, int[]> places = new HashMap<>();

  private MultipartForm(byte[] body) {
    this.body = body;
  }

  /** The form; null when it is none, or has a field twice. */
  public static @Nullable MultipartForm of(byte[] body, String contentType) {
    Matcher matcher = BOUNDARY.matcher(contentType);
    if (!contentType.startsWith("multipart/form-data") || !matcher.find()) {
      return null;
    }
    byte[] line = ("--" + matcher.group(1)).getBytes(StandardCharsets.US_ASCII);
    MultipartForm form = new MultipartForm(body);
    int at = find(body, line, 0);
    for (int parts = 0; at >= 0 && parts < MOST_PARTS; parts++) {
      int start = at + line.length + 2;
      int next = find(body, line, start);
      int content = find(body, new byte[] {'\r', '\n', '\r', '\n'}, start);
      if (next < 0) {
        return form;
      }
      if (content >= 0 && content + 4 <= next - 2) {
        String head = new String(body, start, content - start, StandardCharsets.ISO_8859_1);
        Matcher name = NAME.matcher(head);
        boolean file = head.contains("filename=");
        if (name.find()
            && !file
            && form.places.put(name.group(1), new int[] {content + 4, next - 2}) != null) {
          return null;
        }
      }
      at = next;
    }
    return null;
  }

  private static int find(byte[] body, byte[] wanted, int from) {
    for (int i = Math.max(0, from); i <= body.length - wanted.length; i++) {
      int j = 0;
      while (j < wanted.length && body[i + j] == wanted[j]) {
        j++;
      }
      if (j == wanted.length) {
        return i;
      }
    }
    return -1;
  }

  /** Value of a field; null when it is not there or too long. */
  public @Nullable String text(String name) {
    int[] place = places.get(name);
    return place == null || place[1] - place[0] > MOST_VALUE
        ? null
        : new String(body, place[0], place[1] - place[0], StandardCharsets.UTF_8);
  }

  /** The body with another value in a field that is there. */
  public byte[] with(String name, String value) {
    int[] place = places.get(name);
    if (place == null) {
      return body;
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream(body.length + 64);
    out.write(body, 0, place[0]);
    out.writeBytes(value.getBytes(StandardCharsets.UTF_8));
    out.write(body, place[1], body.length - place[1]);
    return out.toByteArray();
  }
}
