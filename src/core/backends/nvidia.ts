/** Files of which one is there where NVIDIA's driver is: as it leaves them on Linux, and where it lies in a Windows subsystem. */
export const nvidiaDriverSigns: readonly string[] = ['/proc/driver/nvidia/version', '/usr/lib/wsl/lib/libcuda.so.1'];
