/** Why the cache of prompts did not help (platform.md 2.10). */
@org.jspecify.annotations.NullMarked
package io.hadal.server.explain;
