package io.hadal.server.admin;

import io.hadal.chat.Problem;
import io.hadal.platform.tenancy.Page;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Lists in calls: how much of one to answer, and texts of a body. */
final class AdminLists {
  private static final int USUAL = 50;

  private AdminLists() {}

  /** How many rows a call wants. */
  static int limit(AdminCall call) {
    String text = call.query("limit");
    if (text == null) {
      return USUAL;
    }
    int limit = text.matches("[0-9]{1,4}") ? Integer.parseInt(text) : 0;
    if (limit < 1 || limit > Page.MOST) {
      throw Problem.invalid("limit", "must be a whole number from 1 to " + Page.MOST);
    }
    return limit;
  }

  /**
   * A field that is a list of texts.
   *
   * @return null when it is not there
   * @throws Problem when it is something else
   */
  static @Nullable List<String> texts(AdminCall call, String name) {
    JsonNode value = call.body().get(name);
    if (value == null || value.isNull()) {
      return null;
    }
    if (!value.isArray()) {
      throw Problem.invalid(name, "must be a list of texts");
    }
    List<String> texts = new ArrayList<>();
    for (JsonNode item : value) {
      if (!item.isString()) {
        throw Problem.invalid(name, "must be a list of texts");
      }
      texts.add(item.stringValue());
    }
    return texts;
  }
}
