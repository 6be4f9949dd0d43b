package io.hadal.server.routing.convert;

import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/**
 * A request in the other dialect.
 *
 * @param ignored fields that have no effect there
 */
public record Converted(ObjectNode body, List<String> ignored) {}
