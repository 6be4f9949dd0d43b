package io.hadal.platform.keys;

import io.hadal.platform.tenancy.Permissions.Visible;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which keys to list.
 *
 * @param visible places whose keys may be seen
 * @param owner principal whose keys may be seen besides; null for none
 * @param org null for those of all organisations
 * @param project null for those of all projects
 */
public record KeyFilter(
    Visible visible, @Nullable String owner, @Nullable String org, @Nullable String project) {
  /** Keys of a project. */
  public static KeyFilter ofProject(String project) {
    return new KeyFilter(Visible.EVERYTHING, null, null, project);
  }

  /** A list that is not empty, as SQL wants it; no id is empty. */
  static List<String> some(List<String> ids) {
    List<String> some = new ArrayList<>(ids);
    some.add("");
    return some;
  }
}
