package io.hadal.train.corpus;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a Java file says about its place in a project. */
public final class Imports {
  private static final Pattern PACKAGE =
      Pattern.compile("^\\s*package\\s+([\\w.]+)\\s*;", Pattern.MULTILINE);
  private static final Pattern IMPORT =
      Pattern.compile("^\\s*import\\s+(static\\s+)?([\\w.]+)\\s*;", Pattern.MULTILINE);

  private Imports() {}

  /** Folder of the package that a file names, with slashes; empty for none. */
  public static String folder(String text) {
    Matcher m = PACKAGE.matcher(text);
    return m.find() ? m.group(1).replace('.', '/') : "";
  }

  /**
   * Where the classes that a file imports one by one would lie, from the root of the sources, in
   * the order of the imports. Files that do not exist are among them.
   */
  public static Set<String> paths(String text) {
    Set<String> paths = new LinkedHashSet<>();
    Matcher m = IMPORT.matcher(text);
    while (m.find()) {
      String name = m.group(2);
      if (m.group(1) != null) {
        name = name.substring(0, Math.max(0, name.lastIndexOf('.')));
      }
      if (!name.isEmpty()) {
        paths.add(name.replace('.', '/') + ".java");
      }
    }
    return paths;
  }
}
