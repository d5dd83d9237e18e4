/** The longest path that fits into sockaddr_un.sun_path on Linux, beside the zero that ends it (unix(7)). */
export const socketPathLimitBytes = 107;
