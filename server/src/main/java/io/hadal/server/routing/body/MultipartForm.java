package io.hadal.server.routing.body;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Text fields of a multipart form, and where they are; files are passed over. */
public final class MultipartForm {
  private static final Pattern BOUNDARY =
      Pattern.compile(";\\s*boundary=\"?([A-Za-z0-9'()+_,./:=? -]{1,70})\"?");

  /** The one way in which clients write it; what others read in another one must not come in. */
  private static final Pattern HEAD =
      Pattern.compile(
          "content-disposition: *form-data; *name=\"([A-Za-z0-9_\\[\\]]{1,64})\"(;"
              + " *filename\\*?=[^;\r\n"
              + "]*){0,2}(\r\n"
              + "content-(type|length|transfer-encoding):[^\r\n"
              + "]*)*",
          Pattern.CASE_INSENSITIVE);

  private static final int MOST_PARTS = 64;
  private static final int MOST_VALUE = 4096;

  private final byte[] body;
  private final Map<String, int[]> places = new HashMap<>();

  private MultipartForm(byte[] body) {
    this.body = body;
  }

  /** The form; null when it is none, has a field twice, or may be read in several ways. */
  public static @Nullable MultipartForm of(byte[] body, String contentType) {
    Matcher matcher = BOUNDARY.matcher(contentType);
    if (!contentType.startsWith("multipart/form-data") || !matcher.find()) {
      return null;
    }
    byte[] line = ("--" + matcher.group(1)).getBytes(StandardCharsets.US_ASCII);
    MultipartForm form = new MultipartForm(body);
    Set<String> names = new HashSet<>();
    int at = find(body, line, 0);
    for (int parts = 0; at >= 0 && parts < MOST_PARTS; parts++) {
      int start = at + line.length + 2;
      int next = find(body, line, start);
      int content = find(body, new byte[] {'\r', '\n', '\r', '\n'}, start);
      if (next < 0) {
        return form;
      }
      if (content < 0 || content + 4 > next - 2) {
        return null;
      }
      Matcher head =
          HEAD.matcher(new String(body, start, content - start, StandardCharsets.ISO_8859_1));
      if (!head.matches() || !names.add(head.group(1))) {
        return null;
      }
      if (head.group(2) == null) {
        form.places.put(head.group(1), new int[] {content + 4, next - 2});
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
