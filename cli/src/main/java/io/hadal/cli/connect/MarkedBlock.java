package io.hadal.cli.connect;

import io.hadal.formats.FormatException;
import java.nio.file.Path;

/** A part of a file that belongs to Hadal, between two comments; all else stays as it is. */
final class MarkedBlock {
  private static final String BEGIN = "# begin hadal\n";
  private static final String END = "# end hadal\n";

  private MarkedBlock() {}

  /**
   * @throws FormatException when the file has one of the comments only
   */
  static FileEdit edit(Path file, String block) {
    String before = FileEdit.content(file);
    String text = before == null ? "" : before;
    String marked = BEGIN + block + END;
    int begin = text.indexOf(BEGIN);
    int end = text.indexOf(END, Math.max(0, begin));
    if (begin < 0 != end < 0) {
      throw new FormatException(
          file.toString(), "has one of '# begin hadal' and '# end hadal' only; remove it");
    }
    String after;
    if (begin >= 0) {
      after = text.substring(0, begin) + marked + text.substring(end + END.length());
    } else {
      String gap = text.isEmpty() ? "" : text.endsWith("\n") ? "\n" : "\n\n";
      after = text + gap + marked;
    }
    return new FileEdit(file, before, after);
  }
}
