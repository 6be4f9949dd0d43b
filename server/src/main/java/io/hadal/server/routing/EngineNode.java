package io.hadal.server.routing;

import io.hadal.platform.cluster.BlockDigest;
import io.hadal.platform.cluster.Engine;
import io.hadal.platform.cluster.Load;

/**
 * A node that computes for others, as it is now.
 *
 * @param digest what its prompt cache holds
 */
public record EngineNode(String name, Engine engine, Load load, BlockDigest digest) {}
